// The table's entries, a piece at a time, and 64 of them at once as bit masks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "formats/core/byte_source.h"
#include "formats/ctk/table.h"

namespace formats::ctk {

inline constexpr std::size_t group_entries = 64;

// Bit i speaks of entry i of a group.
struct GroupMask {
  std::uint64_t changed = 0;         // entry > since
  std::uint64_t same_as_before = 0;  // equal to the entry before it
};

// Precondition: 64 entries at `entries`, and one before them.
[[nodiscard]] GroupMask group_mask(const std::uint32_t* entries, std::uint32_t since);

// Every bit that some entry of the group has. Precondition: 64 entries at `entries`.
[[nodiscard]] std::uint32_t every_bit(const std::uint32_t* entries);

// How many entries, in whole groups, go on with the value of the entry before the first: most of most tables.
// Precondition: `count` entries at `entries`, and one before them.
[[nodiscard]] std::size_t unchanging(const std::uint32_t* entries, std::size_t count);

// Reads the table in order. A piece is a run of entries, or a hole: entries that are all 0 and were not read.
class EntryReader {
 public:
  struct Piece {
    std::uint64_t first_block = 0;
    std::uint64_t blocks = 0;
    const std::uint32_t* entries = nullptr;  // null: a hole. Else entries[-1] is the entry before, 0 for the first
  };

  EntryReader(const core::ByteSource& file, const TableShape& shape);
  // `truncated` where the file ends before the table.
  [[nodiscard]] core::Result<Piece> next();  // blocks == 0: the end

 private:
  const core::ByteSource& file_;
  TableShape shape_;
  std::uint64_t block_ = 0;
  std::uint64_t data_end_bytes_ = 0;  // no hole before it
  std::unique_ptr<std::uint32_t[]> buffer_;
  std::uint32_t before_ = 0;
};

}  // namespace formats::ctk
