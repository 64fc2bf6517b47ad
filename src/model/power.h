// Whether a virtual machine runs, and what says so: each sign as it was found; reference/esxi-facts.md section 3.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "formats/core/result.h"

namespace cbtctl::model {

enum class PowerState { off, on, suspended, unknown };
[[nodiscard]] std::string_view name_of(PowerState state);

// How a file is held, by the numbers of VMFS.
enum class LockMode {
  free,          // 0
  exclusive,     // 1: a running machine's active extents
  read_only,     // 2: the extents of its snapshots' parents
  multi_writer,  // 3
};
[[nodiscard]] std::string_view name_of(LockMode mode);

// Who holds a file: the only sign of a running virtual machine that does not depend on the host that is asked.
struct Lock {
  LockMode mode = LockMode::free;
  std::vector<std::string> owners;  // MAC addresses of the hosts that hold it: "00:50:56:aa:bb:cc"
  std::string source;               // the command that told it
};

// What the files of a machine tell.
enum class FileFact {
  configuration_unreadable,
  folder_not_listed,
  never_ran,
  shutdown_not_told,
  shutdown_contradicts_itself,
  shutdown_malformed,
  shut_down,
  not_shut_down,
  lock_file,
  nfs_lock_file,
  no_lock_file,
  swap_file,
  no_swap_file,
  suspended_state,
  suspended_state_contradicts_itself,
  may_have_crashed,
};
struct FileSign {
  FileFact fact{};
  std::string name = {};  // of the lock file, or of the suspended state
};

// What one host that sees the machine says of it.
struct HostSign {
  std::string host;                  // the target, as the user wrote it
  std::optional<bool> running;       // among the host's processes; nullopt: it does not tell
  std::optional<std::string> id;     // registered as
  bool tells_registrations = false;  // else `id` says nothing
  [[nodiscard]] bool is_silent() const { return running != true && !id && !tells_registrations; }
};

// One file of the machine, and who holds it.
struct LockSign {
  std::string file;
  bool of_process = false;  // the .lck file, which the process itself holds; else an extent, which a backup may hold
  formats::core::Result<Lock> lock;  // `in_use`: the command failed, and says that the file is locked
  [[nodiscard]] bool is_held() const { return lock && lock->mode != LockMode::free; }
};

// What a host that has the machine registered says of its state.
struct StateSign {
  std::string host;
  std::string id;  // registered as
  formats::core::Result<PowerState> state;
};

using PowerSign = std::variant<FileSign, HostSign, LockSign, StateSign>;

// Whether the sign says that somebody holds a file of the machine.
[[nodiscard]] bool is_lock(const PowerSign& sign);

struct Power {
  PowerState state = PowerState::unknown;
  std::vector<PowerSign> evidence;  // what outweighs the others first
};

// What speaks against its being off, in words. Precondition: it is not.
[[nodiscard]] std::string why_not_off(const Power& power);

// Each sign in words, in their order: "cleanShutdown is TRUE", "no lock file", ...
[[nodiscard]] std::vector<std::string> words_of(const Power& power);

}  // namespace cbtctl::model
