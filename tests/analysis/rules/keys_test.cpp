#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;

namespace {

Checked with_lines(const std::string& lines) { return check(with(off(), {{"x/x.vmx", vmx("x.vmdk", lines)}})); }

}  // namespace

TEST_CASE("a key at one level alone is an error, at both it is pending") {
  CHECK(with_lines("ctkEnabled = \"TRUE\"\n").path("cbt-disk-key-missing") == "x/x.vmx");
  CHECK(with_lines("scsi0:0.ctkEnabled = \"TRUE\"\n").has("cbt-vm-key-missing"));
  CHECK(with_lines("ctkEnabled = \"FALSE\"\nscsi0:0.ctkEnabled = \"TRUE\"\n").has("cbt-vm-key-missing"));
  const auto both = with_lines(both_keys);
  CHECK(both.findings.found.size() == 1);
  CHECK(both.has("cbt-pending"));
  CHECK(with_lines("ctkEnabled = \"TRUE\"\nscsi0:0.ctkEnabled = \"FALSE\"\n").has("cbt-disk-excluded"));
}

TEST_CASE("pending on a disk with a snapshot is an error") {
  const Files files =
      without(without(with(with_snapshot(), {{"x/x.vmdk", small_descriptor("x-flat.vmdk")},
                                             {"x/x-000001.vmdk", small_delta("x-000001-delta.vmdk", "x.vmdk")}}),
                      "x/x-ctk.vmdk"),
              "x/x-000001-ctk.vmdk");
  const auto found = check(files);
  CHECK(found.has("cbt-pending-with-snapshot"));
  CHECK_FALSE(found.has("cbt-pending"));
}

TEST_CASE("keys that do nothing, mean nothing or belong to no disk are told") {
  CHECK(with_lines("ctkEnable = \"TRUE\"\n").has("cbt-key-misspelt"));
  CHECK(with_lines("ctkEnabled = \"\xE2\x80\x9CTRUE\xE2\x80\x9D\"\n").has("cbt-key-malformed"));
  CHECK(with_lines("scsi0:7.ctkEnabled = \"TRUE\"\n").has("cbt-key-for-missing-disk"));
  CHECK(with_lines("ctkDisallowed = \"TRUE\"\n").has("cbt-disallowed"));
  CHECK(with_lines("ctkDisallowed = \"FALSE\"\n").findings.found.empty());
  const auto both = with_lines("scsi0:7.ctkEnabled = \"maybe\"\n");
  CHECK(both.has("cbt-key-for-missing-disk"));
  CHECK(both.has("cbt-key-malformed"));
}

TEST_CASE("a key within two slips of a CBT key is misspelt") {
  for (const std::string key : {"ctkEnable", "ctkEnables", "ctkEnabld", "cktEnabled", "ctkEnabled1", "ctk_enabled",
                                "changeTrackingEnabled", "scsi0:0.ctkEnabeld", "ctkDisalowed"}) {
    INFO(key);
    CHECK(with_lines(key + " = \"TRUE\"\n").has("cbt-key-misspelt"));
  }
  for (const std::string key : {"cpuid.ctkEnable", "checkEnabled", "scsi0:0.ctkDisallowed", "cleanShutdowns"}) {
    INFO(key);
    CHECK_FALSE(with_lines(key + " = \"TRUE\"\n").has("cbt-key-misspelt"));
  }
}

TEST_CASE("what two values of a key would decide is not told") {
  const auto disallowed = with_lines("ctkDisallowed = \"TRUE\"\nctkDisallowed = \"FALSE\"\n");
  CHECK(disallowed.findings.found.size() == 1);
  CHECK(disallowed.has("vmx-duplicate-key"));
  CHECK(with_lines("ctkEnabled = \"maybe\"\nctkEnabled = \"FALSE\"\n").findings.found.size() == 1);
  const auto found = check(with(off(), {{"x/x.vmx", vmx("x.vmdk", "scsi0:0.fileName = \"y.vmdk\"\n")},
                                        {"x/y.vmdk", small_descriptor("y-flat.vmdk")},
                                        {"x/y-flat.vmdk", small_flat()}}));
  CHECK(found.findings.found.size() == 1);  // no orphan: the other name may be the one that counts
}

TEST_CASE("a key that stands twice is told once, also if only case differs") {
  const auto found = with_lines("CTKENABLED = \"TRUE\"\nctkEnabled = \"FALSE\"\n");
  CHECK(found.count("vmx-duplicate-key") == 1);
  CHECK(found.findings.found.size() == 1);
}

TEST_CASE("CBT on a disk that cannot be tracked says why") {
  const auto found = with_lines(both_keys + "scsi0:0.mode = \"independent-persistent\"\n");
  REQUIRE(found.findings.found.size() == 1);
  CHECK(found.has("cbt-unsupported-disk"));
  CHECK(with_lines("scsi0:0.mode = \"independent-persistent\"\n").findings.found.empty());
}
