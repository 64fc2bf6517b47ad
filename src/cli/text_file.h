// A text file that the user names as an option's value or an argument.
#pragma once

#include <string>

#include "formats/core/result.h"

namespace cbtctl::cli {

// Whole; the error's message names the path.
formats::core::Result<std::string> read_text_file(const std::string& path);

}  // namespace cbtctl::cli
