// What one link alone holds, and what is wrong in it: its tables are read whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "disk/chain.h"
#include "formats/core/defect.h"

namespace cbtctl::disk {

struct LinkFacts {
  std::uint64_t data_bytes = 0;
  std::uint64_t zero_bytes = 0;        // said to be zeros by the link itself; of a flat extent its holes
  std::uint64_t unreadable_bytes = 0;  // damaged, refused or not obtained
  struct DefectIn {
    std::string path;
    formats::core::Defect defect;
  };
  std::vector<DefectIn> defects;  // of its extents' headers and tables
};

// Precondition: index < chain.links().size().
[[nodiscard]] LinkFacts inspect_link(const Chain& chain, std::size_t index);

}  // namespace cbtctl::disk
