// The program's name and version, as its documents carry them.
#pragma once

#include <string_view>

namespace cbtctl::report {

inline constexpr std::string_view tool_name = "cbtctl";
[[nodiscard]] std::string_view tool_version();

}  // namespace cbtctl::report
