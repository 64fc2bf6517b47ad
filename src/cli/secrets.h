// Passwords and passphrases: from where the operator put them, or asked on the terminal, one question at a time.
#pragma once

#include <memory>
#include <string>

#include "formats/core/result.h"
#include "storage/ssh_options.h"

namespace cbtctl::cli {

// `password`: what every host is told, once each; empty where none was given. All else is asked on the terminal, where
// there is one.
[[nodiscard]] storage::SshSecrets secrets_with(std::shared_ptr<const storage::Secret> password);

// The first line of a file or an open descriptor.
formats::core::Result<storage::Secret> first_line_of(int descriptor, const std::string& name);

}  // namespace cbtctl::cli
