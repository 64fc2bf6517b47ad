#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;

namespace {

std::string evidence_of(const Checked& checked) {
  std::string text;
  for (const auto& evidence : checked.first("disk-missing").evidence)
    text += evidence.label + "=" + evidence.found.value_or(evidence.expected.value_or("")) + " ";
  return text;
}

}  // namespace

TEST_CASE("a disk that is not there is an error of its machine, and what is left of it no orphan") {
  const auto found = check(without(healthy(), "x/x.vmdk"));
  CHECK(found.path("disk-missing") == "x/x.vmx");
  CHECK(found.first("disk-missing").slot == "scsi0:0");
  CHECK(found.findings.found.size() == 1);
  CHECK(evidence_of(found) == "fileName=x.vmdk left is the CTK file=x/x-ctk.vmdk left is the flat=x/x-flat.vmdk ");
  CHECK_FALSE(check(healthy()).has("disk-missing"));
}

TEST_CASE("letter case makes what is left no orphan") {
  const auto found = check(with(without(healthy(), "x/x.vmdk"), {{"x/x.vmx", vmx("X.vmdk", both_keys)}}));
  CHECK(found.findings.found.size() == 1);
}

TEST_CASE("a missing delta leaves its delta and its CTK file") {
  const auto found = check(without(with_snapshot(), "x/x-000001.vmdk"));
  CHECK(found.path("disk-missing") == "x/x.vmx");
  CHECK_FALSE(found.has("ctk-orphan-snapshot"));
  CHECK_FALSE(found.has("extent-orphan"));
}

TEST_CASE("a CTK file whose snapshot disk a list still names is no orphan") {
  Files files = with(off(), {{"x/x.vmsd", snapshots("x-000002.vmdk")}, {"x/x-000002-ctk.vmdk", small_tracking()}});
  CHECK_FALSE(check(files).has("ctk-orphan-snapshot"));
  files.erase("x/x.vmsd");
  CHECK(check(files).has("ctk-orphan-snapshot"));
}

TEST_CASE("outside the scan is not missing") {
  CHECK_FALSE(check(with(off(), {{"x/x.vmx", vmx("/vmfs/volumes/other/x.vmdk")}})).has("disk-missing"));
}
