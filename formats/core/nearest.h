// What a mistyped name may have meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace formats::core {

// The few that differ in so few letters that they may have been meant, the nearest first; each once. Letter case and
// Unicode form count for nothing, and two letters in each other's place for one.
[[nodiscard]] std::vector<std::string> nearest(std::string_view mistyped, const std::vector<std::string>& names);

}  // namespace formats::core
