#include "model/power.h"

#include <algorithm>

#include "formats/core/joined.h"

namespace cbtctl::model {
namespace {

std::string in_words(const FileSign& sign) {
  switch (sign.fact) {
    case FileFact::configuration_unreadable:
      return "the configuration cannot be read";
    case FileFact::folder_not_listed:
      return sign.name.empty() ? "the folder cannot be listed" : "the folder of " + sign.name + " cannot be listed";
    case FileFact::never_ran:
      return "never ran: no cleanShutdown key, no vmware.log";
    case FileFact::shutdown_not_told:
      return "no cleanShutdown key, but a vmware.log";
    case FileFact::shutdown_contradicts_itself:
      return "cleanShutdown stands twice with different values";
    case FileFact::shutdown_malformed:
      return "cleanShutdown is neither TRUE nor FALSE";
    case FileFact::shut_down:
      return "cleanShutdown is TRUE";
    case FileFact::not_shut_down:
      return "cleanShutdown is FALSE";
    case FileFact::lock_file:
      return "lock file " + sign.name;
    case FileFact::nfs_lock_file:
      return "an NFS lock file (.lck-*) in the folder";
    case FileFact::no_lock_file:
      return "no lock file";
    case FileFact::swap_file:
      return "a swap file";
    case FileFact::no_swap_file:
      return "no swap file";
    case FileFact::suspended_state:
      return "suspended state in " + sign.name;
    case FileFact::suspended_state_contradicts_itself:
      return "checkpoint.vmState stands twice with different values";
    case FileFact::may_have_crashed:
      return "a host that crashed leaves the same files";
  }
  return {};
}

std::string in_words(const HostSign& sign) {
  if (sign.running == true) return "runs on " + sign.host + " (esxcli vm process list)";
  if (sign.id) {
    const std::string registered = "registered on " + sign.host + " as " + *sign.id;
    return registered + (sign.running ? ", and not among its processes" : "; its processes are not known");
  }
  return "not registered on " + sign.host;
}

std::string in_words(const LockSign& sign) {
  if (!sign.lock) return "the lock of " + sign.file + " cannot be asked: " + sign.lock.error().message;
  const std::string source = " (" + sign.lock->source + ")";
  if (!sign.is_held()) return sign.file + " is not locked" + source;
  std::string owners;
  for (const std::string& owner : sign.lock->owners) owners += (owners.empty() ? " by " : ", ") + owner;
  return sign.file + " is locked " + std::string(name_of(sign.lock->mode)) + owners + source;
}

std::string in_words(const StateSign& sign) {
  if (!sign.state) return sign.host + " does not tell of its machine " + sign.id + ": " + sign.state.error().message;
  return sign.host + " says it is " + std::string(name_of(*sign.state));
}

bool says_locked(const FileSign& sign) {
  return sign.fact == FileFact::lock_file || sign.fact == FileFact::nfs_lock_file;
}
bool says_locked(const HostSign& /*sign*/) { return false; }
bool says_locked(const LockSign& sign) {
  return sign.is_held() || (!sign.lock && sign.lock.error().kind == formats::core::ErrorKind::in_use);
}
bool says_locked(const StateSign& /*sign*/) { return false; }

bool speaks_against_off(const FileSign& sign) {
  switch (sign.fact) {
    case FileFact::never_ran:
    case FileFact::shut_down:
    case FileFact::no_lock_file:
    case FileFact::no_swap_file:
    case FileFact::may_have_crashed:
      return false;
    case FileFact::configuration_unreadable:
    case FileFact::folder_not_listed:
    case FileFact::shutdown_not_told:
    case FileFact::shutdown_contradicts_itself:
    case FileFact::shutdown_malformed:
    case FileFact::not_shut_down:
    case FileFact::lock_file:
    case FileFact::nfs_lock_file:
    case FileFact::swap_file:
    case FileFact::suspended_state:
    case FileFact::suspended_state_contradicts_itself:
      return true;
  }
  return true;
}
bool speaks_against_off(const HostSign& sign) { return sign.running == true; }
bool speaks_against_off(const LockSign& sign) { return says_locked(sign); }
bool speaks_against_off(const StateSign& sign) { return !sign.state || *sign.state != PowerState::off; }

}  // namespace

std::string_view name_of(PowerState state) {
  switch (state) {
    case PowerState::off:
      return "off";
    case PowerState::on:
      return "on";
    case PowerState::suspended:
      return "suspended";
    case PowerState::unknown:
      return "unknown";
  }
  return {};
}

std::string_view name_of(LockMode mode) {
  switch (mode) {
    case LockMode::free:
      return "free";
    case LockMode::exclusive:
      return "exclusive";
    case LockMode::read_only:
      return "read-only";
    case LockMode::multi_writer:
      return "multi-writer";
  }
  return {};
}

bool is_lock(const PowerSign& sign) {
  return std::visit([](const auto& each) { return says_locked(each); }, sign);
}

std::string why_not_off(const Power& power) {
  std::vector<std::string> words;
  for (const PowerSign& sign : power.evidence) {
    if (std::visit([](const auto& each) { return speaks_against_off(each); }, sign))
      words.push_back(std::visit([](const auto& each) { return in_words(each); }, sign));
  }
  return words.empty() ? "it is " + std::string(name_of(power.state)) : formats::core::joined(words, ", ");
}

std::vector<std::string> words_of(const Power& power) {
  std::vector<std::string> words;
  words.reserve(power.evidence.size());
  for (const PowerSign& sign : power.evidence)
    words.push_back(std::visit([](const auto& each) { return in_words(each); }, sign));
  return words;
}

}  // namespace cbtctl::model
