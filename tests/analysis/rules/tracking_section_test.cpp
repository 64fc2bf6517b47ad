#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;
using cbtctl::analysis::Fix;

TEST_CASE("a descriptor that still names a CTK file while CBT is off is told") {
  const auto found = check(with(healthy(), {{"x/x.vmx", vmx("x.vmdk")}}));
  CHECK(found.path("cbt-leftover-tracking") == "x/x.vmdk");
  CHECK(found.findings.found.size() == 1);
}

TEST_CASE("links with and without a CTK file make a mixed chain") {
  const auto found =
      check(without(with(with_snapshot(), {{"x/x.vmdk", small_descriptor("x-flat.vmdk")}}), "x/x-ctk.vmdk"));
  CHECK(found.path("cbt-mixed-chain") == "x/x-000001.vmdk");
}

TEST_CASE("the version and the tracking line go together") {
  const std::string three =
      "# Disk DescriptorFile\nversion=3\nCID=1\nparentCID=ffffffff\ncreateType=\"vmfs\"\nRW 2048 VMFS "
      "\"x-flat.vmdk\"\n";
  CHECK(check(with(off(), {{"x/x.vmdk", three}})).first("descriptor-version-mismatch").fix == Fix::safe);
  std::string one = small_descriptor("x-flat.vmdk", "x-ctk.vmdk");
  one.replace(one.find("version=3"), 9, "version=1");
  CHECK(check(with(healthy(), {{"x/x.vmdk", one}})).first("descriptor-version-mismatch").fix == Fix::choice);
}

TEST_CASE("no removal is offered where a key that decides it is malformed or misspelt") {
  const auto with_keys = [](const std::string& keys) {
    return check(with(healthy(), {{"x/x.vmx", vmx("x.vmdk", keys)}}));
  };
  CHECK(with_keys("").has("cbt-leftover-tracking"));
  const std::string doubtful = GENERATE("ctkEnabled = \"yes\"\n", "scsi0:0.ctkEnabled = \"yes\"\n",
                                        "ctkEnable = \"TRUE\"\n", "scsi0:0.ctkEnable = \"TRUE\"\n");
  CHECK_FALSE(with_keys(doubtful).has("cbt-leftover-tracking"));
  CHECK(with_keys("scsi0:1.ctkEnable = \"TRUE\"\n").has("cbt-leftover-tracking"));
}

TEST_CASE("what ctkDisallowed or an independent mode leaves behind is told") {
  const auto disallowed =
      check(with(healthy(), {{"x/x.vmx", vmx("x.vmdk", both_keys + "ctkDisallowed = \"TRUE\"\n")}}));
  CHECK(disallowed.path("cbt-leftover-tracking") == "x/x.vmdk");
  CHECK(disallowed.first("cbt-leftover-tracking").fix == Fix::safe);
  const auto independent = [](const std::string& mode) {
    return check(with(healthy(), {{"x/x.vmx", vmx("x.vmdk", "scsi0:0.mode = \"" + mode + "\"\n")}}));
  };
  CHECK(independent("independent-persistent").path("cbt-leftover-tracking") == "x/x.vmdk");
  CHECK_FALSE(independent("independent-nonpersistent").has("cbt-leftover-tracking"));
}

TEST_CASE("who holds a disk that another machine tracks is told of no leftover") {
  const Files files = with(healthy(), {{"y/y.vmx", vmx("../x/x.vmdk")}});
  CHECK_FALSE(check(files).has("cbt-leftover-tracking"));
  const Files third{{"a/a.vmx", vmx("../d/d.vmdk", both_keys)},
                    {"b/b.vmx", vmx("../d/d.vmdk")},
                    {"d/d.vmdk", small_descriptor("d-flat.vmdk", "d-ctk.vmdk")},
                    {"d/d-flat.vmdk", small_flat()},
                    {"d/d-ctk.vmdk", small_tracking()}};
  CHECK_FALSE(check(third).has("cbt-leftover-tracking"));
  CHECK(check(without(third, "a/a.vmx")).has("cbt-leftover-tracking"));
}
