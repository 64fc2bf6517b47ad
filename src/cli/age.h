// How old: "90s", "90m", "24h", "7d", "0".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cbtctl::cli {

// In ns; nothing where the text is no age.
[[nodiscard]] std::optional<std::int64_t> parse_age(const std::string& text);

}  // namespace cbtctl::cli
