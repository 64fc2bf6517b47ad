// What a host says of itself, in one request: the version, what it has registered, what runs, its tasks and its
// datastores. A question that fails, or is answered in a form that is not known, is told and stops nothing else.
#pragma once

#include <optional>
#include <string>

#include "host/answers.h"
#include "model/host.h"
#include "storage/commands.h"

namespace cbtctl::host {

struct Facts {
  std::optional<model::HostFacts> version;        // nothing: not an ESXi, or it does not tell
  std::optional<model::HostInventory> inventory;  // nothing: none of the commands is there, so this is no ESXi
};

// The question. It is the same whenever this run of the program asks it: whoever connects may send it ahead.
[[nodiscard]] storage::Command facts_command();

// Asks now; the answer is read when it is wanted, so that other requests can be on their way.
class PendingFacts {
 public:
  explicit PendingFacts(storage::Commands& commands);

  // Waits. `unavailable`, `malformed`: the line or the framing failed, and nothing is known.
  [[nodiscard]] Result<Facts> get();

 private:
  std::string word_;
  storage::PendingOutput output_;
};

// Pure: what the answers of `facts_script` say. For a question that comes twice the later one counts.
[[nodiscard]] Facts facts_of(const std::vector<Answer>& answers);

}  // namespace cbtctl::host
