// Passwords and passphrases: from where the operator put them, or asked on the terminal, one question at a time.
#pragma once

#include <optional>
#include <string>

#include "formats/core/result.h"
#include "storage/ssh_options.h"

namespace cbtctl::cli {

// `password`: what every host is told, once each; without it the terminal is asked, three times at most.
[[nodiscard]] storage::SshSecrets secrets_with(const std::optional<std::string>& password);

// The first line of a file or an open descriptor.
formats::core::Result<std::string> first_line_of(int descriptor, const std::string& name);

}  // namespace cbtctl::cli
