// What the numbers of a CTK header are: the contract's paragraph "fits" (section 5), step by step.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace formats::ctk {

struct Header;

inline constexpr std::size_t word_count = 7;  // the u32 from offset 16 to 40, whose places are not known
inline constexpr std::uint32_t first_word_offset_bytes = 16;

[[nodiscard]] constexpr std::uint32_t word_offset_bytes(std::size_t index) {
  return first_word_offset_bytes + static_cast<std::uint32_t>(index) * 4;
}

// The 8 bytes from word `index` on as one integer. Precondition: index + 1 < word_count.
[[nodiscard]] std::uint64_t wide_word(const Header& header, std::size_t index);

// How the table is to the disk that it is held against, or to its own header where no disk is known.
enum class Fit {
  fits,
  padded,       // the file goes on behind its table: no fault
  cut,          // the file ends before its table
  covers_less,  // than the disk: it was extended, or only the header's capacity was raised
  covers_more,
  not_understood,
};

// A capacity and a block size that the header may mean, and where its words say so (by index).
struct Pair {
  std::uint64_t capacity_sectors = 0;
  std::size_t capacity_at = 0;  // the first of two words
  std::uint32_t block_sectors = 0;
  std::optional<std::size_t> block_at;  // nothing: no word holds it
  std::uint64_t blocks = 0;
  std::array<bool, word_count> is_count{};  // the words, of those that neither uses, that equal `blocks`
  [[nodiscard]] bool stands() const;
};

struct Choice {
  Pair pair;
  Fit fit = Fit::fits;
};
// Nothing: the header is not understood.
[[nodiscard]] std::optional<Choice> choose(const Header& header, std::uint64_t file_bytes,
                                           std::optional<std::uint64_t> disk_sectors);

// What each word is under a pair. `table_bytes` and `file_bytes`: 4 n and 512 + 4 n, where n itself does not stand.
enum class WordRole { empty, capacity, block_size, block_count, table_bytes, file_bytes, epoch, other };
using WordRoles = std::array<WordRole, word_count>;

struct EpochReading {
  std::optional<std::uint32_t> epoch;  // nothing: several words or none can be it, or all are below the newest entry
  bool is_behind_table = false;        // every word that could be it is below the newest entry
  WordRoles roles{};
};
[[nodiscard]] EpochReading read_epoch(const Header& header, const Pair& pair,
                                      std::optional<std::uint32_t> newest_entry);

}  // namespace formats::ctk
