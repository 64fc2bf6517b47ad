// Asking a host questions: shell scripts that are constants of the program, with arguments that reach them as
// positional parameters on standard input and are never pasted into the text.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/core/result.h"

namespace cbtctl::storage {

struct CommandOutput {
  std::string output;
  std::string errors;  // standard error
  int exit_status = 0;
};

// What `run` below takes.
struct Command {
  std::string_view script;
  std::vector<std::string> arguments;

  bool operator==(const Command&) const = default;
};

// An answer that may still be on its way.
class PendingOutput {
 public:
  explicit PendingOutput(std::function<formats::core::Result<CommandOutput>()> wait) : wait_(std::move(wait)) {}

  // Waits; once.
  [[nodiscard]] formats::core::Result<CommandOutput> get() const { return wait_(); }

 private:
  std::function<formats::core::Result<CommandOutput>()> wait_;
};

class Commands {
 public:
  virtual ~Commands() = default;

  // Runs `script` by /bin/sh with the arguments as "$@", in as many calls as command lines of the host take; without
  // arguments once. Queues and never waits: the answer costs one round trip. `unavailable`: the connection is gone.
  [[nodiscard]] virtual PendingOutput run(std::string_view script, std::vector<std::string> arguments) = 0;
};

}  // namespace cbtctl::storage
