#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;
using cbtctl::analysis::Certainty;
using cbtctl::analysis::Severity;

namespace {

Checked with_logs(const Files& files, const Files& logs) {
  std::vector<cbtctl::discovery::Place> places(1);
  places[0].target.location = places[0].roots.emplace_back("/mnt/ds");
  places[0].reader = support::open_memory({with(files, logs), {}, {}});
  return check(cbtctl::discovery::discover(places, {}, true));
}

}  // namespace

TEST_CASE("ESXi 6.0 below the fixed build makes every incremental suspect") {
  const auto newest = with_logs(healthy(), {{"x/vmware.log", log_of("6.0.0", "3073146")}});
  CHECK(newest.first("advisory-kb2136854").severity == Severity::critical);
  CHECK(newest.first("advisory-kb2136854").evidence[0].label == "vmware.log");
  CHECK(with_logs(healthy(), {{"x/vmware.log", log_of("6.0.0", "3247720")}}).findings.found.empty());
  CHECK(with_logs(healthy(), {{"x/vmware.log", log_of("5.5.0", "3029944")}}).findings.found.empty());
  CHECK(with_logs(off(), {{"x/vmware.log", log_of("6.0.0", "3073146")}}).findings.found.empty());
}

TEST_CASE("where only an older log says so, it is possible") {
  const auto older = with_logs(
      healthy(), {{"x/vmware.log", log_of("7.0.3", "19193900")}, {"x/vmware-3.log", log_of("6.0.0", "2494585")}});
  CHECK(older.first("advisory-kb2136854").severity == Severity::warning);
  CHECK(older.first("advisory-kb2136854").certainty == Certainty::possible);
  CHECK(older.first("advisory-kb2136854").evidence[0].found->find("unless CBT was reset since") != std::string::npos);
}

TEST_CASE("the newest version line of a log decides, also at its end") {
  const std::string filler(100'000, '.');
  const auto found = with_logs(
      healthy(), {{"x/vmware.log", log_of("7.0.3", "19193900") + filler + "\n" + log_of("6.0.0", "2494585")}});
  CHECK(found.first("advisory-kb2136854").severity == Severity::critical);
}

TEST_CASE("8.0.2 before the fix and 8.0.3 with a higher build are told apart") {
  CHECK(with_logs(healthy(), {{"x/vmware.log", log_of("8.0.2", "22380479")}}).has("advisory-hot-extend"));
  CHECK_FALSE(with_logs(healthy(), {{"x/vmware.log", log_of("8.0.2", "23305546")}}).has("advisory-hot-extend"));
  CHECK_FALSE(with_logs(healthy(), {{"x/vmware.log", log_of("8.0.1", "22380480")}}).has("advisory-hot-extend"));
}

TEST_CASE("tracking that began on a snapshot is silent from 6.5 on") {
  const Files mixed = without(with(with_snapshot(), {{"x/x.vmdk", small_descriptor("x-flat.vmdk")}}), "x/x-ctk.vmdk");
  CHECK(with_logs(mixed, {{"x/vmware.log", log_of("6.7.0", "10302608")}}).has("advisory-tracking-began-with-snapshot"));
  CHECK_FALSE(
      with_logs(mixed, {{"x/vmware.log", log_of("6.0.0", "10302608")}}).has("advisory-tracking-began-with-snapshot"));
  CHECK_FALSE(with_logs(with_snapshot(), {{"x/vmware.log", log_of("6.7.0", "10302608")}})
                  .has("advisory-tracking-began-with-snapshot"));
}

TEST_CASE("a tracked disk of 128 GiB on an old build may have lost changes when it grew") {
  const std::string big =
      "# Disk DescriptorFile\nversion=3\nCID=1\nparentCID=ffffffff\ncreateType=\"vmfs\"\nRW 268435456 VMFS "
      "\"x-flat.vmdk\"\nchangeTrackPath=\"x-ctk.vmdk\"\n";
  const Files files = with(healthy(), {{"x/x.vmdk", big}, {"x/x-ctk.vmdk", tracking(268435456)}});
  CHECK(with_logs(files, {{"x/vmware.log", log_of("5.5.0", "1331820")}}).has("advisory-kb2090639"));
  CHECK(with_logs(files, {{"x/vmware.log", log_of("4.1.0", "260247")}}).has("advisory-kb2090639"));
  CHECK_FALSE(with_logs(files, {{"x/vmware.log", log_of("5.5.0", "2403361")}}).has("advisory-kb2090639"));
  CHECK_FALSE(with_logs(healthy(), {{"x/vmware.log", log_of("5.5.0", "1331820")}}).has("advisory-kb2090639"));
}
