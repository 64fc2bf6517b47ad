// Whether a machine runs, by its files: the swap file, which may lie in another folder than the .vmx.
#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;
using cbtctl::model::PowerState;

namespace {

PowerState state_of(const Datastore& datastore) { return datastore.virtual_machines.at(0).power.state; }

// Stopped cleanly, with a swap file of this name when it last ran.
Files swapping_to(const std::string& name) {
  return with(off(), {{"x/x.vmx", vmx("x.vmdk", "sched.swap.derivedName = \"" + name + "\"\n")}});
}

}  // namespace

TEST_CASE("a swap file in another folder of the scan speaks against off") {
  const Files files = swapping_to("../swap/x-1.vswp");
  CHECK(state_of(scan(with(files, {{"swap/x-1.vswp", ""}}))) == PowerState::unknown);
  CHECK(state_of(scan(with(files, {{"swap/y-1.vswp", ""}}))) == PowerState::off);
  CHECK(state_of(scan(files)) == PowerState::off);
}

TEST_CASE("a name outside the scan, which stays after a clean stop, proves nothing either way") {
  CHECK(state_of(scan(swapping_to("/vmfs/volumes/5f1b/x/x-1.vswp"))) == PowerState::off);
}

TEST_CASE("a swap file whose folder cannot be listed may be there") {
  const Files files = with(swapping_to("../swap/x-1.vswp"), {{"swap/y-1.vswp", ""}});
  const auto denied = scan({{"/mnt/ds", {files, {}, {{"swap", storage::ErrorKind::denied}}}}});
  CHECK(state_of(denied) == PowerState::unknown);
  CHECK(cbtctl::model::why_not_off(denied.virtual_machines[0].power) ==
        "the folder of ../swap/x-1.vswp cannot be listed");
}
