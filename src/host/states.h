// What a host knows of one virtual machine that it has registered, and how it is told that its files have changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/answers.h"
#include "host/locks.h"
#include "model/datastore.h"
#include "storage/commands.h"

namespace cbtctl::host {

struct MachineState {
  std::string written_path;  // "[ds1] web01/web01.vmx"
  model::PowerState power = model::PowerState::unknown;
  std::vector<model::HostTask> tasks;  // each with the machine's id
};

struct Questions {
  std::vector<std::string> files;  // absolute paths on the host, whose locks are asked
  std::vector<std::string> ids;    // of registered machines
};
struct Told {
  std::vector<Result<Lock>> locks;  // each in the order of its questions
  std::vector<Result<MachineState>> states;
};
// One request, whatever their number. The outer error: nothing was answered.
[[nodiscard]] Result<Told> ask(storage::Commands& commands, const Questions& questions);

// Has the host read the .vmx again, and reads back whether CBT is on for it then; nothing where the host does not tell.
[[nodiscard]] Result<std::optional<bool>> reload(storage::Commands& commands, const std::string& id);

}  // namespace cbtctl::host
