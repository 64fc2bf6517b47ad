// The second half of power: the words of hosts, and locks, which do not depend on the host that is asked.
#include <algorithm>
#include <utility>

#include "discovery/power.h"

namespace cbtctl::discovery {
namespace {

using model::Power;
using model::PowerState;

bool runs(const HostSign& sign) { return sign.running == true; }

std::string words_of(const HostSign& sign) {
  if (runs(sign)) return "runs on " + sign.host + " (esxcli vm process list)";
  if (sign.id) {
    const std::string registered = "registered on " + sign.host + " as " + *sign.id;
    return registered + (sign.running ? ", and not among its processes" : "; its processes are not known");
  }
  return sign.tells_registrations ? "not registered on " + sign.host : "";
}

// The hosts' words come first: they outweigh the files'.
Power with_words(Power power, std::vector<std::string> words) {
  words.insert(words.end(), std::make_move_iterator(power.evidence.begin()),
               std::make_move_iterator(power.evidence.end()));
  power.evidence = std::move(words);
  return power;
}

std::string words_of(const LockSign& sign) {
  if (!sign.lock) return "the lock of " + sign.file + " cannot be asked: " + sign.lock.error().message;
  std::string owners;
  for (const std::string& owner : sign.lock->owners) owners += (owners.empty() ? " by " : ", ") + owner;
  return sign.file + (sign.lock->mode == host::LockMode::free ? " is not locked" : " is locked ") +
         (sign.lock->mode == host::LockMode::free ? "" : std::string(name_of(sign.lock->mode)) + owners) + " (" +
         sign.lock->source + ")";
}

}  // namespace

Power power_with_hosts(Power by_files, const std::vector<HostSign>& hosts) {
  std::vector<std::string> words;
  for (const HostSign& sign : hosts) {
    std::string said = words_of(sign);
    if (!said.empty()) words.push_back(std::move(said));
  }
  if (std::any_of(hosts.begin(), hosts.end(), runs)) by_files.state = PowerState::on;
  return with_words(std::move(by_files), std::move(words));
}

bool needs_locks(const Power& by_files, const std::vector<HostSign>& hosts) {
  if (hosts.empty() || std::any_of(hosts.begin(), hosts.end(), runs)) return false;
  return by_files.state == PowerState::on || by_files.state == PowerState::unknown;
}

Power power_with_locks(Power power, bool is_suspended, const std::vector<LockSign>& locks) {
  std::vector<std::string> words;
  bool all_free = !locks.empty();
  bool held_by_process = false;
  for (const LockSign& sign : locks) {
    words.push_back(words_of(sign));
    const bool is_held = sign.lock && sign.lock->mode != host::LockMode::free;
    all_free = all_free && sign.lock && !is_held;
    held_by_process = held_by_process || (is_held && sign.of_process);
  }
  if (all_free) power.state = is_suspended ? PowerState::suspended : PowerState::off;
  if (!all_free && power.state != PowerState::on) power.state = PowerState::unknown;
  if (held_by_process) power.state = PowerState::on;
  return with_words(std::move(power), std::move(words));
}

Power power_with_all_locks(Power power, bool is_suspended, const std::vector<LockSign>& locks) {
  const bool is_held = std::any_of(locks.begin(), locks.end(), [](const LockSign& sign) {
    return sign.lock && sign.lock->mode != host::LockMode::free;
  });
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
    return with_words(std::move(power), {host + " does not tell of its machine " + id + ": " + state.error().message});
  }
  if (state->power != PowerState::off && power.state != PowerState::on) power.state = state->power;
  constexpr std::string_view names[] = {"off", "on", "suspended", "unknown"};
  return with_words(std::move(power),
                    {host + " says it is " + std::string(names[static_cast<std::size_t>(state->power)])});
}

}  // namespace cbtctl::discovery
