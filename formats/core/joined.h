// A list in one line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace formats::core {

[[nodiscard]] inline std::string joined(const std::vector<std::string>& list, std::string_view separator) {
  std::string out;
  for (const std::string& text : list) {
    if (&text != &list.front()) out += separator;
    out += text;
  }
  return out;
}

}  // namespace formats::core
