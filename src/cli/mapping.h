// --map REMOTE=LOCAL, the same for every verb that has it.
#pragma once

#include <string>
#include <vector>

#include "discovery/place.h"

namespace cbtctl::cli {

// In their order, without readers. REMOTE is absolute, LOCAL a folder of this machine that is there, and a last '/' of
// either counts for nothing; else an error that belongs to the user's call.
[[nodiscard]] formats::core::Result<std::vector<discovery::Mapping>> parse_mappings(
    const std::vector<std::string>& texts);

}  // namespace cbtctl::cli
