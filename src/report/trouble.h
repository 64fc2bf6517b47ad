// The document of a verb that could not do what it was asked for: "cbtctl.error/1".
#pragma once

#include <string>

#include "formats/core/result.h"

namespace cbtctl::report {

[[nodiscard]] std::string error_json(const formats::core::Error& error, int exit_status);

}  // namespace cbtctl::report
