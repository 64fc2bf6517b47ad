// The program's name and version, as its documents carry them.
#pragma once

#include <string>
#include <string_view>

namespace cbtctl::report {

inline constexpr std::string_view tool_name = "cbtctl";
[[nodiscard]] std::string_view tool_version();
[[nodiscard]] std::string tool_build();  // and what is known of the build: compiler, build type

}  // namespace cbtctl::report
