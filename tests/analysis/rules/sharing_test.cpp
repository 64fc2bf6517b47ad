#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;
using cbtctl::analysis::Certainty;
using cbtctl::analysis::Fix;
using cbtctl::analysis::Severity;

namespace {

std::string uuid(const std::string& text) { return "uuid.bios = \"" + text + "\"\n"; }
Files shared(const std::string& more) {
  return with(off(), {{"x/x.vmx", vmx("x.vmdk", uuid("1"))}, {"y/y.vmx", vmx("../x/x.vmdk", uuid("2") + more)}});
}
const std::string nonpersistent = "scsi0:0.mode = \"independent-nonpersistent\"\n";

// x/x.vmx runs on the base of a delta, without a list.
Files on_its_base() {
  return with(without(with_snapshot(), "x/x.vmsd"),
              {{"x/x.vmx", vmx("x.vmdk", both_keys)}, {"x/y.vmx", vmx("x-000001.vmdk", both_keys + uuid("y"))}});
}

}  // namespace

TEST_CASE("the active disk of two machines, or three, is told once") {
  const auto two = check(shared(""));
  CHECK(two.path("disk-shared") == "x/x.vmdk");
  CHECK(two.first("disk-shared").severity == Severity::error);
  CHECK(two.first("disk-shared").fix == Fix::none);
  CHECK(two.first("disk-shared").certainty == Certainty::hit);
  CHECK(two.first("disk-shared").machines.size() == 2);
  const auto three = check(with(shared(""), {{"z/z.vmx", vmx("../x/x.vmdk")}}));
  CHECK(three.count("disk-shared") == 1);
  CHECK(three.first("disk-shared").machines.size() == 3);
}

TEST_CASE("who shares a disk on purpose, or does not write to it, shares none") {
  CHECK_FALSE(check(shared(nonpersistent)).has("disk-shared"));
  CHECK_FALSE(check(shared("replay.filename = \"log\"\n")).has("disk-shared"));
  CHECK(check(shared("replay.supported = \"TRUE\"\nreplay.filename = \"\"\n")).has("disk-shared"));
  const std::string says =
      GENERATE("scsi0:0.sharing = \"multi-writer\"\n", "scsi0.sharedBus = \"virtual\"\n", "disk.locking = \"FALSE\"\n");
  CHECK(check(shared(says)).has("disk-shared"));  // the other one does not say so
  CHECK_FALSE(check(with(shared(says), {{"x/x.vmx", vmx("x.vmdk", says)}})).has("disk-shared"));
  Files with_template = off();
  with_template["t/t.vmtx"] = vmx("../x/x.vmdk");
  CHECK_FALSE(check(with_template).has("disk-shared"));
  CHECK_FALSE(check(with(shared(""), {{"y/y.vmx", vmx("y.vmdk")}})).has("disk-shared"));
}

TEST_CASE("while one of them is on it is only possible") {
  std::string running = vmx("../x/x.vmdk");
  running.replace(running.find("cleanShutdown = \"TRUE\""), 22, "cleanShutdown = \"FALSE\"");
  const auto found =
      check(with(shared(""), {{"y/y.vmx", running}, {"y/y.vmx.lck", ""}, {"y/y-1.vswp", std::string()}}));
  CHECK(found.first("disk-shared").certainty == Certainty::possible);
}

TEST_CASE("a second configuration of one machine in its folder is told, and shares no disk") {
  const auto found =
      check(with(off(), {{"x/x.vmx", vmx("x.vmdk", uuid("56 4D"))}, {"x/x-before.vmx", vmx("x.vmdk", uuid("56 4d"))}}));
  CHECK(found.findings.found.size() == 1);
  CHECK(found.path("vmx-copy") == "x/x-before.vmx");
  CHECK(found.first("vmx-copy").severity == Severity::note);
  CHECK_FALSE(check(with(off(), {{"x/x.vmx", vmx("x.vmdk", uuid("1"))}, {"y/x.vmx", vmx("y.vmdk", uuid("1"))}}))
                  .has("vmx-copy"));
}

TEST_CASE("a machine that runs on a base of deltas is told") {
  const auto found = check(on_its_base());
  CHECK(found.path("disk-has-children") == "x/x.vmdk");
  CHECK(found.first("disk-has-children").severity == Severity::error);
  CHECK(found.first("disk-has-children").machines.size() == 2);
  CHECK_FALSE(check(with_snapshot()).has("disk-has-children"));
  CHECK(check(with(off(), {{"x/x.vmsd", snapshots("x.vmdk")}})).path("disk-has-children") == "x/x.vmdk");
  // A delta that nothing uses is an orphan and no child.
  const auto orphan = check(without(on_its_base(), "x/y.vmx"));
  CHECK(orphan.has("snapshot-orphan"));
  CHECK_FALSE(orphan.has("disk-has-children"));
}

TEST_CASE("children in other folders are a note, and none of a template or a native snapshot") {
  const Files clones = with(off(), {{"c/c.vmx", vmx("c.vmdk")},
                                    {"c/c.vmdk", small_delta("c-delta.vmdk", "../x/x.vmdk")},
                                    {"c/c-delta.vmdk", small_cowd()}});
  CHECK(check(clones).first("disk-has-children").severity == Severity::note);
  CHECK_FALSE(check(with(without(clones, "x/x.vmx"), {{"x/x.vmtx", vmx("x.vmdk")}})).has("disk-has-children"));
  Files native = on_its_base();
  native["x/x-000001.vmdk"] += "isNativeSnapshot=\"yes\"\n";
  CHECK_FALSE(check(native).has("disk-has-children"));
}

TEST_CASE("what a backup proxy holds still is told at the proxy, and at nobody else") {
  const Files held = with(off(), {{"p/p.vmx", vmx("../x/x.vmdk", nonpersistent)}});
  const auto found = check(held);
  CHECK(found.path("disk-hot-added") == "p/p.vmx");
  CHECK(found.first("disk-hot-added").severity == Severity::warning);
  CHECK(found.first("disk-hot-added").slot == "scsi0:0");
  CHECK(found.findings.found.size() == 1);
  const auto at_work = check(with(with_snapshot(), {{"p/p.vmx", vmx("../x/x.vmdk", nonpersistent)}}));
  CHECK(at_work.first("disk-hot-added").severity == Severity::note);
  CHECK_FALSE(at_work.has("disk-has-children"));
  CHECK_FALSE(check(with(held, {{"x/x.vmx", vmx("x.vmdk", nonpersistent)}})).has("disk-hot-added"));
}

TEST_CASE("base disks with one UUID are told once, templates and copies of volumes aside") {
  const std::string same = "ddb.uuid = \"60 00 C2 95\"\n";
  const Files twice = with(off(), {{"x/x.vmdk", small_descriptor("x-flat.vmdk", {}, same)},
                                   {"y/y.vmx", vmx("y.vmdk")},
                                   {"y/y.vmdk", small_descriptor("y-flat.vmdk", {}, same)},
                                   {"y/y-flat.vmdk", small_flat()}});
  const auto found = check(twice);
  CHECK(found.count("disk-uuid-twice") == 1);
  CHECK(found.path("disk-uuid-twice") == "x/x.vmdk");
  CHECK_FALSE(check(with(without(twice, "y/y.vmx"), {{"y/y.vmtx", vmx("y.vmdk")}})).has("disk-uuid-twice"));
  Files copied;
  for (const auto& [path, content] : twice)
    copied[path.starts_with("y/") ? "snap-1a2b3c4d-ds/" + path : path] = content;
  CHECK_FALSE(check(copied).has("disk-uuid-twice"));
}
