// What the words of a CTK header were found to be, and the header as a list of fields that covers every byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "formats/ctk/tracking_file.h"

namespace formats::ctk {

inline constexpr std::size_t word_count = 7;
inline constexpr std::uint32_t first_word_offset_bytes = 16;

[[nodiscard]] constexpr std::uint32_t word_offset_bytes(std::size_t index) {
  return first_word_offset_bytes + static_cast<std::uint32_t>(index) * 4;
}

// The 8 bytes from word `index` on as one integer. Precondition: index + 1 < word_count.
[[nodiscard]] std::uint64_t wide_word(const Header& header, std::size_t index);

// `block_size_or_count`: the two numbers are the same, so that their words cannot be told apart. `other`: not zero and
// none of the numbers of the reading; the epoch is one of these.
enum class WordRole { empty, capacity, block_size, block_count, block_size_or_count, other };

// The role of each word under the capacity, block size and number of blocks of `reading`, by value, wherever it stands.
// Both halves of an 8-byte number have its role.
[[nodiscard]] std::array<WordRole, word_count> roles_of(const Header& header, const Reading& reading);

// All 512 bytes in order.
[[nodiscard]] std::vector<Field> fields_of(const Header& header, const Reading& reading);

}  // namespace formats::ctk
