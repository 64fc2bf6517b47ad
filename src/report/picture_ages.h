// Epochs in a few ages, which are what a picture can show.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/picture.h"

namespace cbtctl::report {

// Epochs that follow each other.
struct Age {
  std::uint32_t first_epoch = 0;
  std::uint32_t last_epoch = 0;
  std::uint64_t bytes = 0;
  bool is_marked = false;  // newer than the picture's `since`; no age lies on both sides of it
};

// What a cell can be: at most `most` ages, oldest first, of about as many epochs each; what is marked is one.
[[nodiscard]] std::vector<Age> ages_of(const MapPicture& picture, std::size_t most);

// What the histogram shows: at most `most` of them, oldest first, each one epoch where there is room.
[[nodiscard]] std::vector<Age> bars_of(const MapPicture& picture, std::size_t most);

// Which of the ages an entry has. Precondition: ages of the same picture, not empty, and entry > 0.
[[nodiscard]] std::size_t age_of(const std::vector<Age>& ages, std::uint32_t entry);

// "epoch 4", "epochs 2 to 3".
[[nodiscard]] std::string title_of(const Age& age);

[[nodiscard]] std::uint64_t most_bytes(const std::vector<Age>& ages);

}  // namespace cbtctl::report
