// Where the grains of a sparse extent lie: one view of the directories and tables of COWD, seSparse and hosted sparse.
// Nothing is cached here; who walks a large extent keeps the tables that it needs. Source: reference/esxi-facts.md
// section 7; evidence in FORMAT.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "formats/core/byte_source.h"
#include "formats/core/defect.h"
#include "formats/core/result.h"
#include "formats/vmdk/sparse.h"

namespace formats::vmdk {

enum class GrainFormat { cowd, sesparse, hosted };

// Where directory and tables lie, and what an entry means. All numbers are checked against each other and against the
// file's size, save those in the tables themselves.
struct GrainLayout {
  GrainFormat format = GrainFormat::cowd;
  std::uint64_t file_bytes = 0;
  std::uint64_t capacity_sectors = 0;
  std::uint64_t grain_sectors = 0;
  std::uint64_t table_entries = 0;  // grains of one table
  std::uint64_t directory_offset_bytes = 0;
  std::uint64_t directory_entries = 0;    // at most what the file holds; tables behind them are damaged
  std::uint64_t metadata_end_sector = 1;  // no grain begins before it
  std::uint64_t tables_sector = 0;        // seSparse: of table 0
  std::uint64_t grains_sector = 0;        // seSparse: of grain 0
  bool one_is_zero = false;               // an entry of 1 reads as zeros
  bool is_compressed = false;
  bool has_markers = false;  // a compressed grain begins with its sector and length

  [[nodiscard]] std::uint64_t grains() const;
  [[nodiscard]] std::uint64_t tables() const;
  [[nodiscard]] std::uint64_t grain_bytes() const;
  // Of the directory's entry for a table, and of a table's entry: for messages.
  [[nodiscard]] std::uint64_t directory_entry_offset_bytes(std::uint64_t table) const;
  [[nodiscard]] std::uint64_t entry_bytes() const { return format == GrainFormat::sesparse ? 8 : 4; }
  [[nodiscard]] std::uint64_t table_bytes() const { return table_entries * entry_bytes(); }
};

// Before a compressed grain of a stream.
struct GrainMarker {
  le64 sector;  // of the disk
  le32 packed_bytes;
};
static_assert(sizeof(GrainMarker) == 12);

// `unsupported`: a journal must be replayed first, or the version is not known; `malformed`: the numbers contradict
// each other so that every byte would be a guess; `truncated`: a stream without its footer.
core::Result<GrainLayout> layout_of(const SparseExtent& extent, const core::ByteSource& file);

// What a decoded entry holds: a place in the file, or one of these.
inline constexpr std::uint64_t place_absent = 0;                    // the parent knows
inline constexpr std::uint64_t place_zero = ~std::uint64_t{0} - 1;  // zeros
inline constexpr std::uint64_t place_damaged = ~std::uint64_t{0};   // points past the end, or is of no known kind

// Where tables `first`.. begin, in bytes, one for each of `out`: an offset, place_absent or place_damaged.
// Precondition: first + out.size() <= layout.tables().
core::Status read_directory(const core::ByteSource& file, const GrainLayout& layout, std::uint64_t first,
                            std::span<std::uint64_t> out);

// Where the grains of the table at `offset_bytes` lie, in sectors. Precondition: out.size() == layout.table_entries.
// What the file's end cuts off is damaged.
core::Status read_table(const core::ByteSource& file, const GrainLayout& layout, std::uint64_t offset_bytes,
                        std::span<std::uint64_t> out);

// How many grains from `places.front()` on are of one kind; those with data must also follow each other in the file,
// and a compressed one stands alone. Precondition: not empty.
[[nodiscard]] std::size_t run_length(std::span<const std::uint64_t> places, const GrainLayout& layout);

// What is wrong in the directory and the tables, each with its offset in the file: tables and grains past the end,
// entries of no known kind, two grains or tables at one place, grains on top of the header, and `with_markers` in a
// stream also grains that name another sector, a read for each. At most `most_defects` are listed, and one more says
// how many were not. Memory stays below 130 MiB whatever the size. The error is that of a read.
inline constexpr std::size_t most_defects = 16;
core::Result<core::Defects> check_tables(const core::ByteSource& file, const GrainLayout& layout,
                                         bool with_markers = true);

}  // namespace formats::vmdk
