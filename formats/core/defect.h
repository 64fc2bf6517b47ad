// Something in a decoded structure that contradicts itself, its file or its format. Decoding lists defects and
// goes on; judging them is analysis.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace formats::core {

struct Defect {
  std::string field;               // the structure's own name for the field: "grain_directory_offset"
  std::uint64_t offset_bytes = 0;  // where in the file the field lies
  std::string expected;
  std::string found;
  std::string message;  // one line: what is wrong, no final stop
};

using Defects = std::vector<Defect>;

}  // namespace formats::core
