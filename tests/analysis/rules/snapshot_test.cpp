#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;

TEST_CASE("an own delta on an own parent that no snapshot froze needs consolidation") {
  CHECK(check(without(with_snapshot(), "x/x.vmsd")).path("snapshot-not-listed") == "x/x.vmx");
  CHECK_FALSE(check(with_snapshot()).has("snapshot-not-listed"));
}

TEST_CASE("a copy of a .vmx, which has no list of its own, runs on what the other one's list froze") {
  const Files copied = with(with_snapshot(), {{"x/copy.vmx", vmx("x-000001.vmdk", both_keys)}});
  CHECK(check(copied).findings.found.empty());
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
