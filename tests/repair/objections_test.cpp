#include "tests/support/catch.h"

#include "repair/objections.h"
#include "tests/support/findings.h"

using namespace support;
using cbtctl::repair::Reason;

namespace {

std::vector<Reason> against(const Files& files, const std::string& code) {
  const auto found = check(files);
  REQUIRE(found.has(code));
  return cbtctl::repair::reasons_against(cbtctl::repair::Users(found.datastore), found.first(code));
}
const Files missing = without(healthy(), "x/x-ctk.vmdk");

}  // namespace

TEST_CASE("nothing stands in the way of a fix on a machine that is off and has no snapshot") {
  CHECK(against(missing, "ctk-missing").empty());
}

TEST_CASE("the guards that repair asks tell beforehand what it will refuse") {
  const std::string running = "cleanShutdown = \"FALSE\"\n";
  const std::string off = "cleanShutdown = \"TRUE\"\n";
  std::string configuration = missing.at("x/x.vmx");
  configuration.replace(configuration.find(off), off.size(), running);
  const Files on = with(missing, {{"x/x.vmx", configuration}, {"x/x.vmx.lck", ""}, {"x/x-1.vswp", ""}});
  CHECK(against(on, "ctk-missing") == std::vector{Reason::powered_on});
  CHECK(against(without(with_snapshot(), "x/x-ctk.vmdk"), "ctk-missing") == std::vector{Reason::has_snapshots});
  CHECK(against(with(on, {{"x/gone-ctk.vmdk", small_tracking()}}), "ctk-orphan") == std::vector{Reason::powered_on});
}

TEST_CASE("a choice is blocked only where every option is") {
  const Files doubtful =
      with(off(), {{"x/x.vmx", vmx("x.vmdk", "ctkEnabled = \"yes\"\n")}, {"x/x.vmsd", snapshots("x.vmdk")}});
  CHECK(against(doubtful, "cbt-key-malformed").empty());  // it may be removed
  const Files missing_key =
      with(off(), {{"x/x.vmx", vmx("x.vmdk", "ctkEnabled = \"TRUE\"\n")}, {"x/x.vmsd", snapshots("x.vmdk")}});
  CHECK(against(missing_key, "cbt-disk-key-missing") == std::vector{Reason::has_snapshots});
}

TEST_CASE("a finding without a fix is not blocked") {
  CHECK(
      against(with(off(), {{"x/x.vmx", vmx("x.vmdk", "scsi0:7.ctkEnabled = \"TRUE\"\n")}}), "cbt-key-for-missing-disk")
          .empty());
}
