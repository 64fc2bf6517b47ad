#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;

TEST_CASE("files that are not what they are used as are damaged") {
  CHECK(check(with(healthy(), {{"y/y.vmx", std::string(100, '\0')}})).path("vmx-damaged") == "y/y.vmx");
  CHECK(check(with(healthy(), {{"x/x.vmsd", std::string(100, '\x01')}})).path("vmsd-damaged") == "x/x.vmsd");
  CHECK_FALSE(check(with(healthy(), {{"x/x.vmsd", ""}})).has("vmsd-damaged"));
  CHECK(check(with(healthy(), {{"x/x.vmdk", "nothing of the kind"}})).path("descriptor-damaged") == "x/x.vmdk");
  CHECK(check(with(off(), {{"x/x.vmdk", "# Disk DescriptorFile\nversion=1\nCID=1\ncreateType=\"vmfs\"\n"}}))
            .has("descriptor-damaged"));
}

TEST_CASE("an encrypted configuration is skipped, not damaged") {
  const auto found =
      check(Files{{"y/y.vmx", "displayName = \"y\"\nencryption.keySafe = \"k\"\nencryption.data = \"d\"\n"}});
  CHECK(found.findings.found.empty());
  CHECK(found.findings.skipped.size() == 1);
}
