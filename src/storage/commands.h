// Asking a host questions: shell scripts that are constants of the program, with arguments that reach them as
// positional parameters on standard input and are never pasted into the text.
#pragma once

#include <future>
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

class Commands {
 public:
  virtual ~Commands() = default;

  // Runs `script` by /bin/sh with the arguments as "$@", in as many calls as command lines of the host take; without
  // arguments once. Queues and never waits: the answer costs one round trip. `unavailable`: the connection is gone.
  [[nodiscard]] virtual std::future<formats::core::Result<CommandOutput>> run(std::string_view script,
                                                                              std::vector<std::string> arguments) = 0;
};

}  // namespace cbtctl::storage
