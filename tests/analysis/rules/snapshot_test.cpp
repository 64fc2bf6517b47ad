#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;

TEST_CASE("an own delta on an own parent that no snapshot froze needs consolidation") {
  CHECK(check(without(with_snapshot(), "x/x.vmsd")).path("snapshot-not-listed") == "x/x.vmx");
  CHECK_FALSE(check(with_snapshot()).has("snapshot-not-listed"));
}

TEST_CASE("a copy of a .vmx, which has no list of its own, runs on what the other one's list froze") {
  const std::string uuid = "uuid.bios = \"56 4d\"\n";
  const Files copied = with(with_snapshot(), {{"x/x.vmx", vmx("x-000001.vmdk", both_keys + uuid)},
                                              {"x/copy.vmx", vmx("x-000001.vmdk", both_keys + uuid)}});
  CHECK(check(copied).findings.found.size() == check(copied).count("vmx-copy"));
  CHECK(check(without(copied, "x/x.vmsd")).count("snapshot-not-listed") == 2);
}

TEST_CASE("a listed disk that is gone is told of the list's machine") {
  const auto found = check(with(off(), {{"x/x.vmsd", snapshots("was.vmdk")}}));
  CHECK(found.path("snapshot-disk-missing") == "x/x.vmsd");
  CHECK(found.first("snapshot-disk-missing").machine);
  CHECK_FALSE(
      check(with(off(), {{"x/x.vmsd", snapshots("/vmfs/volumes/other/was.vmdk")}})).has("snapshot-disk-missing"));
}

TEST_CASE("a linked clone's delta on a foreign image is no unlisted snapshot") {
  const Files files = {{"t/t.vmtx", vmx("t.vmdk")},
                       {"t/t.vmdk", small_descriptor("t-flat.vmdk")},
                       {"t/t-flat.vmdk", small_flat()},
                       {"c/c.vmx", vmx("c-000001.vmdk")},
                       {"c/c-000001.vmdk", small_delta("c-000001-delta.vmdk", "../t/t.vmdk")},
                       {"c/c-000001-delta.vmdk", small_cowd()}};
  CHECK(check(files).findings.found.empty());
}

TEST_CASE("a failed consolidation on a second datastore is told") {
  const Files failed{{"ds1/web/web.vmx", vmx("/vmfs/volumes/ds2/web/web_1-000001.vmdk", both_keys)},
                     {"ds1/web/web.vmsd", ""},
                     {"ds2/web/web_1.vmdk", small_descriptor("web_1-flat.vmdk", "web_1-ctk.vmdk")},
                     {"ds2/web/web_1-flat.vmdk", small_flat()},
                     {"ds2/web/web_1-ctk.vmdk", small_tracking()},
                     {"ds2/web/web_1-000001.vmdk", small_delta("web_1-000001-delta.vmdk", "web_1.vmdk")},
                     {"ds2/web/web_1-000001-delta.vmdk", small_cowd()}};
  const auto found = check(scan({{"/vmfs/volumes", {failed, {}, {}}}}));
  CHECK(found.path("snapshot-not-listed") == "ds1/web/web.vmx");
}

TEST_CASE("nobody who else holds a link silences that it was not consolidated") {
  const Files failed = without(with_snapshot(), "x/x.vmsd");
  CHECK(check(with(failed, {{"x/app-before.vmx", vmx("x.vmdk", both_keys)}})).has("snapshot-not-listed"));
  const std::string nonpersistent = "scsi0:0.mode = \"independent-nonpersistent\"\n";
  CHECK(check(with(failed, {{"p/p.vmx", vmx("../x/x.vmdk", nonpersistent)}})).has("snapshot-not-listed"));
  CHECK(check(with(failed, {{"p/p.vmx", vmx("../x/x.vmdk")}})).has("snapshot-not-listed"));
}

TEST_CASE("a backup proxy's leftover is told beside it") {
  const std::string nonpersistent = "scsi0:0.mode = \"independent-nonpersistent\"\n";
  const auto found =
      check(with(without(with_snapshot(), "x/x.vmsd"), {{"p/p.vmx", vmx("../x/x.vmdk", nonpersistent)}}));
  CHECK(found.path("snapshot-not-listed") == "x/x.vmx");
  CHECK(found.path("disk-hot-added") == "p/p.vmx");
  CHECK(found.findings.found.size() == 2);
}

TEST_CASE("the source of an instant clone needs no consolidation") {
  const Files source = without(with_snapshot(), "x/x.vmsd");
  const Files clone{{"c/c.vmx", vmx("c.vmdk")},
                    {"c/c.vmdk", small_delta("c-delta.vmdk", "../x/x.vmdk")},
                    {"c/c-delta.vmdk", small_cowd()}};
  CHECK_FALSE(check(with(source, clone)).has("snapshot-not-listed"));
  const auto left = check(without(with(source, clone), "c/c.vmx"));
  CHECK(left.first("snapshot-not-listed").severity == cbtctl::analysis::Severity::note);
}

TEST_CASE("a tracked clone in the folder of its untracked golden image has no mixed chain") {
  const Files files = with(with(off(), {{"x/x.vmx", vmx("x-000001.vmdk")},
                                        {"x/x.vmsd", snapshots("x.vmdk")},
                                        {"x/x-000001.vmdk", small_delta("x-000001-delta.vmdk", "x.vmdk")},
                                        {"x/x-000001-delta.vmdk", small_cowd()}}),
                           {{"x/c.vmx", vmx("c.vmdk", both_keys)},
                            {"x/c.vmdk", small_delta("c-delta.vmdk", "x.vmdk", "c-ctk.vmdk")},
                            {"x/c-delta.vmdk", small_cowd()},
                            {"x/c-ctk.vmdk", small_tracking()},
                            {"x/vmware.log", log_of("7.0.3", "19193900")}});
  CHECK(check(files).findings.found.empty());
}
