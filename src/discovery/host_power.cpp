// The second half of power: the words of hosts, and locks, which do not depend on the host that is asked.
#include <algorithm>
#include <utility>

#include "discovery/power.h"

namespace cbtctl::discovery {
namespace {

using model::HostSign;
using model::LockSign;
using model::Power;
using model::PowerSign;
using model::PowerState;
using model::StateSign;

bool runs(const HostSign& sign) { return sign.running == true; }

// The hosts' signs come first: they outweigh the files'.
Power with_signs(Power power, std::vector<PowerSign> signs) {
  signs.insert(signs.end(), std::make_move_iterator(power.evidence.begin()),
               std::make_move_iterator(power.evidence.end()));
  power.evidence = std::move(signs);
  return power;
}

}  // namespace

Power power_with_hosts(Power by_files, const std::vector<HostSign>& hosts) {
  std::vector<PowerSign> signs;
  for (const HostSign& sign : hosts) {
    if (!sign.is_silent()) signs.emplace_back(sign);
  }
  if (std::any_of(hosts.begin(), hosts.end(), runs)) by_files.state = PowerState::on;
  return with_signs(std::move(by_files), std::move(signs));
}

bool needs_locks(const Power& by_files, const std::vector<HostSign>& hosts) {
  if (hosts.empty() || std::any_of(hosts.begin(), hosts.end(), runs)) return false;
  return by_files.state == PowerState::on || by_files.state == PowerState::unknown;
}

Power power_with_locks(Power power, bool is_suspended, const std::vector<LockSign>& locks) {
  bool all_free = !locks.empty();
  bool held_by_process = false;
  for (const LockSign& sign : locks) {
    all_free = all_free && sign.lock && !sign.is_held();
    held_by_process = held_by_process || (sign.is_held() && sign.of_process);
  }
  if (all_free) power.state = is_suspended ? PowerState::suspended : PowerState::off;
  if (!all_free && power.state != PowerState::on) power.state = PowerState::unknown;
  if (held_by_process) power.state = PowerState::on;
  return with_signs(std::move(power), std::vector<PowerSign>(locks.begin(), locks.end()));
}

Power power_with_all_locks(Power power, bool is_suspended, const std::vector<LockSign>& locks) {
  const bool is_held = std::any_of(locks.begin(), locks.end(), [](const LockSign& sign) { return sign.is_held(); });
  const bool all_told = std::all_of(locks.begin(), locks.end(), [](const LockSign& sign) { return bool(sign.lock); });
  const PowerState before = power.state;
  power = power_with_locks(std::move(power), is_suspended, locks);
  if (!is_held && !all_told && !locks.empty() && before != PowerState::unknown) power.state = before;
  return power;
}

Power power_with_state(Power power, const std::string& host, const std::string& id,
                       const formats::core::Result<host::MachineState>& state) {
  if (!state) {
    if (power.state == PowerState::off) power.state = PowerState::unknown;
    return with_signs(std::move(power), {StateSign{host, id, state.error()}});
  }
  if (state->power != PowerState::off && power.state != PowerState::on) power.state = state->power;
  return with_signs(std::move(power), {StateSign{host, id, state->power}});
}

}  // namespace cbtctl::discovery
