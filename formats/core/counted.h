// A count in words: "1 disk", "2 disks".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace formats::core {

[[nodiscard]] inline std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count).append(" ").append(count == 1 ? one : many);
}

}  // namespace formats::core
