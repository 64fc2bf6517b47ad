#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;

TEST_CASE("a delta whose parent is missing is an error") {
  const auto found = check(without(with_snapshot(), "x/x.vmdk"));
  CHECK(found.path("chain-parent-missing") == "x/x-000001.vmdk");
  CHECK(found.path("snapshot-disk-missing") == "x/x.vmsd");
}

TEST_CASE("a delta that disagrees with its parent's content id is told with both values") {
  const auto found =
      check(with(with_snapshot(),
                 {{"x/x-000001.vmdk", small_delta("x-000001-delta.vmdk", "x.vmdk", "x-000001-ctk.vmdk", "deadbeef")}}));
  CHECK(found.path("chain-cid-mismatch") == "x/x-000001.vmdk");
  CHECK(found.first("chain-cid-mismatch").evidence[0].expected == "1b77e0d4");
  CHECK(found.first("chain-cid-mismatch").evidence[0].found == "deadbeef");
}

TEST_CASE("a chain that comes back to itself is told once and has no unlisted snapshot") {
  const auto found = check(
      with(with_snapshot(), {{"x/x.vmdk", small_delta("x-flat.vmdk", "x-000001.vmdk", "x-ctk.vmdk", "9f2c11aa")}}));
  CHECK(found.count("chain-loop") == 1);
  CHECK_FALSE(found.has("snapshot-not-listed"));
}
