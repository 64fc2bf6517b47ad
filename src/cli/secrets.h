// Passwords and passphrases: from where the operator put them, or asked on the terminal, one question at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "formats/core/result.h"
#include "storage/ssh_options.h"

namespace cbtctl::cli {

// `password`: what every host is told, once each; empty where none was given. All else is asked on the terminal, where
// there is one.
[[nodiscard]] storage::SshSecrets secrets_with(std::shared_ptr<storage::SshPassword> password);

// Each is told once, and no core dump is made from then on.
// Of the process's environment, where no program that is started and no reader of /proc finds it any more; empty where
// there is none.
[[nodiscard]] std::optional<storage::Secret> secret_of_environment(const char* name);
// The first line of a file or an open descriptor.
formats::core::Result<storage::Secret> first_line_of(int descriptor, const std::string& name);

}  // namespace cbtctl::cli
