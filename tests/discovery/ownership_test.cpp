// Whose a link is; contract, section 5.
#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;

namespace {

// "x/x-000001.vmdk x/x.vmdk": the own links of a machine's first disk.
std::string own_links_of(const Datastore& datastore, const std::string& vm, std::size_t disk = 0) {
  std::string own;
  for (const auto& machine : datastore.virtual_machines) {
    if (datastore.files[machine.file].path != vm) continue;
    for (const auto& link : machine.disks.at(disk).chain) {
      if (link.own) own += (own.empty() ? "" : " ") + datastore.files[*link.reference.file].path;
    }
  }
  return own;
}

std::string uuid(const std::string& text) { return "uuid.bios = \"" + text + "\"\n"; }
const std::string nonpersistent = "scsi0:0.mode = \"independent-nonpersistent\"\n";

// d/d.vmdk and a delta on it, of nobody's folder.
Files third_folder() {
  return {{"d/d.vmdk", small_descriptor("d-flat.vmdk")},
          {"d/d-flat.vmdk", small_flat()},
          {"d/d-000001.vmdk", small_delta("d-000001-delta.vmdk", "d.vmdk")},
          {"d/d-000001-delta.vmdk", small_cowd()}};
}

const std::string both = "x/x-000001.vmdk x/x.vmdk";

}  // namespace

TEST_CASE("what lies in a machine's folder is its own, whoever runs on it") {
  const Files plain = without(with_snapshot(), "x/x.vmsd");
  CHECK(own_links_of(scan(plain), "x/x.vmx") == both);
  CHECK(own_links_of(scan(with(plain, {{"x/before.vmx", vmx("x.vmdk")}})), "x/x.vmx") == both);
  CHECK(own_links_of(scan(with(plain, {{"p/p.vmx", vmx("../x/x.vmdk")}})), "x/x.vmx") == both);
  CHECK(own_links_of(scan(with(plain, {{"p/p.vmx", vmx("../x/x.vmdk", nonpersistent)}})), "x/x.vmx") == both);
  CHECK(own_links_of(scan(with(plain, {{"x/twin.vmx", vmx("x-000001.vmdk")}})), "x/x.vmx") == both);
}

TEST_CASE("a disk in another machine's folder is that one's") {
  const auto shared = scan(with(healthy(), {{"n/n.vmx", vmx("../x/x.vmdk")}}));
  CHECK(own_links_of(shared, "x/x.vmx") == "x/x.vmdk");
  CHECK(own_links_of(shared, "n/n.vmx").empty());
  const auto frozen = scan(with(with_snapshot(), {{"n/n.vmx", vmx("../x/x.vmdk")}}));
  CHECK(own_links_of(frozen, "n/n.vmx").empty());
  CHECK(own_links_of(scan(without(with(healthy(), {{"n/n.vmx", vmx("../x/x.vmdk")}}), "x/x.vmx")), "n/n.vmx") ==
        "x/x.vmdk");
}

TEST_CASE("a disk of a third folder is own to both that have it") {
  const auto found = scan(with(third_folder(), {{"a/a.vmx", vmx("../d/d.vmdk")}, {"b/b.vmx", vmx("../d/d.vmdk")}}));
  CHECK(own_links_of(found, "a/a.vmx") == "d/d.vmdk");
  CHECK(own_links_of(found, "b/b.vmx") == "d/d.vmdk");
}

TEST_CASE("below an own link of another folder what lies beside it is own, unless another machine has it") {
  const Files failed = with(third_folder(), {{"a/a.vmx", vmx("../d/d-000001.vmdk")}, {"a/a.vmsd", ""}});
  CHECK(own_links_of(scan(failed), "a/a.vmx") == "d/d-000001.vmdk d/d.vmdk");
  const auto held = scan(with(failed, {{"b/b.vmx", vmx("../d/d.vmdk")}}));
  CHECK(own_links_of(held, "a/a.vmx") == "d/d-000001.vmdk");
  const auto frozen = scan(with(failed, {{"b/b.vmx", vmx("b.vmdk")}, {"b/b.vmsd", snapshots("../d/d.vmdk")}}));
  CHECK(own_links_of(frozen, "a/a.vmx") == "d/d-000001.vmdk");
  const auto read = scan(with(failed, {{"b/b.vmx", vmx("../d/d.vmdk", nonpersistent)}}));
  CHECK(own_links_of(read, "a/a.vmx") == "d/d-000001.vmdk d/d.vmdk");
}

TEST_CASE("what a snapshot of its own froze is a machine's, wherever it lies") {
  Files files = with(third_folder(), {{"a/a.vmx", vmx("a-000001.vmdk")},
                                      {"a/a-000001.vmdk", small_delta("a-000001-delta.vmdk", "../d/d.vmdk")},
                                      {"a/a-000001-delta.vmdk", small_cowd()}});
  CHECK(own_links_of(scan(files), "a/a.vmx") == "a/a-000001.vmdk");
  files["a/a.vmsd"] = snapshots("../d/d.vmdk");
  CHECK(own_links_of(scan(files), "a/a.vmx") == "a/a-000001.vmdk d/d.vmdk");
}

TEST_CASE("a golden image that its own machine's snapshot froze is no clone's, also in the same folder") {
  const Files files = with(with_snapshot(), {{"x/c.vmx", vmx("c.vmdk")},
                                             {"x/c.vmdk", small_delta("c-delta.vmdk", "x.vmdk")},
                                             {"x/c-delta.vmdk", small_cowd()}});
  CHECK(own_links_of(scan(files), "x/c.vmx") == "x/c.vmdk");
  CHECK(own_links_of(scan(files), "x/x.vmx") == both);
}

TEST_CASE("another configuration of the same machine is no other machine") {
  Files files = with(with_snapshot(), {{"x/x.vmx", vmx("x-000001.vmdk", uuid("56 4d"))},
                                       {"x/old.vmx", vmx("x-000001.vmdk", uuid("56 4D"))}});
  CHECK(own_links_of(scan(files), "x/old.vmx") == both);
  files["x/old.vmx"] = vmx("x-000001.vmdk", uuid("56 4e"));
  CHECK(own_links_of(scan(files), "x/old.vmx") == "x/x-000001.vmdk");
}

TEST_CASE("an active link in a workingDir that is another machine's folder is that one's where it runs on it") {
  const std::string away = "workingDir = \"../w\"\n";
  const Files files = {{"a/a.vmx", vmx("../w/w.vmdk", away)},
                       {"w/w.vmdk", small_descriptor("w-flat.vmdk")},
                       {"w/w-flat.vmdk", small_flat()}};
  CHECK(own_links_of(scan(files), "a/a.vmx") == "w/w.vmdk");
  const auto held = scan(with(files, {{"w/w.vmx", vmx("w.vmdk")}}));
  CHECK(own_links_of(held, "a/a.vmx").empty());
  CHECK(own_links_of(held, "w/w.vmx") == "w/w.vmdk");
  const auto idle = scan(with(files, {{"w/w.vmx", vmx("other.vmdk")}}));
  CHECK(own_links_of(idle, "a/a.vmx") == "w/w.vmdk");
}

TEST_CASE("a delta in a workingDir is own, and so is what lies below it there") {
  const std::string away = "workingDir = \"../w\"\n";
  const Files files = {{"a/a.vmx", vmx("../w/a-000002.vmdk", away)},
                       {"w/a-000002.vmdk", small_delta("a-000002-delta.vmdk", "a-000001.vmdk")},
                       {"w/a-000002-delta.vmdk", small_cowd()},
                       {"w/a-000001.vmdk", small_delta("a-000001-delta.vmdk", "../a/a.vmdk")},
                       {"w/a-000001-delta.vmdk", small_cowd()},
                       {"a/a.vmdk", small_descriptor("a-flat.vmdk")},
                       {"a/a-flat.vmdk", small_flat()},
                       {"w/w.vmx", vmx("w.vmdk")}};
  CHECK(own_links_of(scan(files), "a/a.vmx") == "w/a-000002.vmdk w/a-000001.vmdk a/a.vmdk");
}
