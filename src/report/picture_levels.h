// Epochs in a few levels of age, which are what a picture can show.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/picture.h"

namespace cbtctl::report {

struct Level {
  std::uint32_t first_epoch = 0;
  std::uint32_t last_epoch = 0;
  std::uint64_t bytes = 0;
};

// At most `most` levels, oldest first, of about as many epochs each.
[[nodiscard]] std::vector<Level> levels_of(const MapPicture& picture, std::size_t most);

// The level of an entry. Precondition: entry > 0 and levels are not empty.
[[nodiscard]] std::size_t level_of(const std::vector<Level>& levels, std::uint32_t entry);

// "epoch 4", "epochs 2 to 3".
[[nodiscard]] std::string title_of(const Level& level);

}  // namespace cbtctl::report
