// Each sign of power in words, and which of them say that somebody holds a file: by what they are, whatever they name.
#include "model/power.h"

#include "tests/support/catch.h"

using namespace cbtctl::model;
using formats::core::Error;
using formats::core::ErrorKind;

namespace {

const std::string name = "a is locked b";  // of a file, a state or a host

std::string in_words(PowerSign sign) { return words_of(Power{PowerState::unknown, {std::move(sign)}}).at(0); }

Lock held() { return {LockMode::exclusive, {"00:50:56:aa:bb:cc", "00:50:56:dd:ee:ff"}, "vmkfstools -D"}; }

}  // namespace

TEST_CASE("a sign that names a file, a state or a host is a lock only where it says that somebody holds one") {
  CHECK_FALSE(is_lock(FileSign{FileFact::suspended_state, name}));
  CHECK_FALSE(is_lock(FileSign{FileFact::no_lock_file}));
  CHECK_FALSE(is_lock(FileSign{FileFact::swap_file}));
  CHECK_FALSE(is_lock(HostSign{name, true, "1", true}));
  CHECK_FALSE(is_lock(HostSign{name, false, "1", true}));
  CHECK_FALSE(is_lock(HostSign{name, std::nullopt, std::nullopt, true}));
  CHECK_FALSE(is_lock(LockSign{name, false, Lock{.source = "vmkfstools -D"}}));
  CHECK_FALSE(is_lock(LockSign{name, false, Error{ErrorKind::unavailable, "did not answer in time"}}));
  CHECK_FALSE(is_lock(StateSign{name, "1", PowerState::on}));
  CHECK_FALSE(is_lock(StateSign{name, "1", Error{ErrorKind::malformed, "it is [ds1] " + name + "/x.vmx"}}));

  CHECK(is_lock(FileSign{FileFact::lock_file, "x.vmx.lck"}));
  CHECK(is_lock(FileSign{FileFact::nfs_lock_file}));
  CHECK(is_lock(LockSign{"x-flat.vmdk", false, held()}));
  CHECK(is_lock(LockSign{"x-flat.vmdk", false, Error{ErrorKind::in_use, "it says that it is locked by another"}}));
}

TEST_CASE("each sign in words") {
  CHECK(in_words(FileSign{FileFact::lock_file, "x.vmx.lck"}) == "lock file x.vmx.lck");
  CHECK(in_words(FileSign{FileFact::suspended_state, "x.vmss"}) == "suspended state in x.vmss");
  CHECK(in_words(HostSign{"h", true, "1", true}) == "runs on h (esxcli vm process list)");
  CHECK(in_words(HostSign{"h", false, "1", true}) == "registered on h as 1, and not among its processes");
  CHECK(in_words(HostSign{"h", std::nullopt, "1", true}) == "registered on h as 1; its processes are not known");
  CHECK(in_words(HostSign{"h", false, std::nullopt, true}) == "not registered on h");
  CHECK(HostSign{"h", false, std::nullopt, false}.is_silent());
  CHECK(in_words(LockSign{"x-flat.vmdk", false, Lock{.source = "vmkfstools -D"}}) ==
        "x-flat.vmdk is not locked (vmkfstools -D)");
  CHECK(in_words(LockSign{"x-flat.vmdk", false, held()}) ==
        "x-flat.vmdk is locked exclusive by 00:50:56:aa:bb:cc, 00:50:56:dd:ee:ff (vmkfstools -D)");
  CHECK(in_words(LockSign{"x-flat.vmdk", false, Error{ErrorKind::unavailable, "no answer"}}) ==
        "the lock of x-flat.vmdk cannot be asked: no answer");
  CHECK(in_words(StateSign{"h", "1", PowerState::suspended}) == "h says it is suspended");
  CHECK(in_words(StateSign{"h", "1", Error{ErrorKind::unavailable, "no answer"}}) ==
        "h does not tell of its machine 1: no answer");
}
