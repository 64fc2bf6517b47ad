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

TEST_CASE("32 deltas are too many for one more snapshot") {
  const auto of = [](int deltas) {
    Files files = off();
    std::string parent = "x.vmdk";
    for (int i = 1; i <= deltas; ++i) {
      const std::string name = "x-" + std::to_string(100000 + i);
      files["x/" + name + ".vmdk"] = small_delta(name + "-delta.vmdk", parent, {}, i == 1 ? "1b77e0d4" : "9f2c11aa");
      files["x/" + name + "-delta.vmdk"] = small_cowd();
      parent = name + ".vmdk";
    }
    files["x/x.vmx"] = vmx(parent);
    return check(files);
  };
  CHECK(of(32).path("chain-too-long") == "x/x-100032.vmdk");
  CHECK_FALSE(of(31).has("chain-too-long"));
}

TEST_CASE("a delta and a parent of different capacity are told, at the delta") {
  std::string grown = small_delta("x-000001-delta.vmdk", "x.vmdk", "x-000001-ctk.vmdk");
  grown.replace(grown.find("RW 2048"), 7, "RW 4096");
  const auto found = check(with(with_snapshot(), {{"x/x-000001.vmdk", grown}}));
  CHECK(found.path("chain-capacity-mismatch") == "x/x-000001.vmdk");
  CHECK_FALSE(check(with_snapshot()).has("chain-capacity-mismatch"));
}

TEST_CASE("a hint of another system's path leads outside and is not missing") {
  for (const std::string hint : {"D:\\VMs\\base.vmdk", "\\\\server\\share\\base.vmdk", "d:/VMs/base.vmdk"}) {
    const auto found = check(with(with_snapshot(), {{"x/x-000001.vmdk", small_delta("x-000001-delta.vmdk", hint)}}));
    CHECK_FALSE(found.has("chain-parent-missing"));
    CHECK_FALSE(found.findings.skipped.empty());
  }
}
