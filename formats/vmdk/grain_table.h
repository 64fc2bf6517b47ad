// The grain directory and the grain tables of a sparse extent: where they lie, and what their entries say, whichever of
// the three formats it is. Source: reference/esxi-facts.md section 7; qemu block/vmdk.c.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "formats/core/byte_source.h"
#include "formats/core/defect.h"
#include "formats/core/result.h"
#include "formats/vmdk/sparse.h"

namespace formats::vmdk {

// A decoded entry is the sector at which a table or a grain begins, or one of these, which no sector reaches.
inline constexpr std::uint64_t grain_absent = ~std::uint64_t{0};       // nothing here: the parent knows
inline constexpr std::uint64_t grain_zero = ~std::uint64_t{0} - 1;     // zeros, whatever the parent holds
inline constexpr std::uint64_t grain_damaged = ~std::uint64_t{0} - 2;  // past the end of the file, or of no known kind
[[nodiscard]] constexpr bool is_sector(std::uint64_t entry) { return entry < grain_damaged; }

struct GrainLayout {
  std::uint64_t capacity_sectors = 0;  // at most 2^54, and never 0 grains for more than 0 sectors
  std::uint64_t grain_sectors = 0;
  std::uint64_t directory_offset_bytes = 0;
  std::uint64_t directory_entries = 0;  // that there is room for; may be more than the capacity needs
  std::uint64_t table_entries = 0;      // of each table
  bool is_sesparse = false;             // entries of 8 bytes with their kind in the top bits; else 4 bytes, a sector
  bool one_is_zero = false;             // of 4 bytes: 1 is no sector but zeros
  bool is_compressed = false;           // a grain is a marker of 12 bytes and a zlib stream
  std::uint64_t tables_sector = 0;      // seSparse: what its indexes count from
  std::uint64_t grains_sector = 0;

  [[nodiscard]] std::uint64_t grains() const;
  [[nodiscard]] std::uint64_t entry_bytes() const { return is_sesparse ? 8 : 4; }
};

// Reads the footer of a streamOptimized extent. `unsupported` where a journal must be replayed first, `malformed` where
// the header's numbers leave no way to read on.
core::Result<GrainLayout> locate_tables(const SparseExtent& extent, const core::ByteSource& file);

// Reads entries, decoded. Knows where the file has holes, which cost no read. Used by one thread at a time; keeps a
// reference to `file`.
class GrainTables {
 public:
  GrainTables(const core::ByteSource& file, const GrainLayout& layout);

  [[nodiscard]] const GrainLayout& layout() const { return layout_; }
  [[nodiscard]] const core::ByteSource& file() const { return file_; }

  // Entries from `first` on of the directory, and of the table at `table_sector`; those that the file ends before are
  // damaged. Precondition: they lie inside the directory, the table. Errors are those of reading.
  core::Status read_directory(std::uint64_t first, std::span<std::uint64_t> out);
  core::Status read_table(std::uint64_t table_sector, std::uint64_t first, std::span<std::uint64_t> out);

  // How many entries of the directory from `first` on are absent for lying in a hole of the file.
  core::Result<std::uint64_t> directory_hole(std::uint64_t first);

  // What makes the entry of grain `number` in the directory, or in its table, damaged; nothing where neither is.
  [[nodiscard]] core::Result<std::optional<core::Defect>> defect_of(std::uint64_t number) const;

 private:
  struct Looked {
    std::uint64_t sector = 0;
    std::optional<core::Defect> defect;
  };
  [[nodiscard]] core::Result<Looked> look(std::uint64_t offset_bytes, bool of_directory, std::uint64_t number) const;
  core::Status read(std::uint64_t offset_bytes, bool of_directory, std::span<std::uint64_t> out);
  [[nodiscard]] std::uint64_t decode(std::uint64_t entry, bool of_directory) const;
  // So many bytes from `offset_bytes` on are a hole of the file.
  core::Result<std::uint64_t> hole_bytes(std::uint64_t offset_bytes);

  const core::ByteSource& file_;
  GrainLayout layout_;
  std::uint64_t end_sector_;
  std::uint64_t hole_begin_ = 0;  // what is known of the file: a hole, and the data behind it
  std::uint64_t data_begin_ = 0;
  std::uint64_t data_end_ = 0;
};

// Goes through every table and lists what is wrong, each with the place of its entry: a table or a grain past the end
// of the file, an entry of no known kind, two grains at the same place, entries behind the capacity. At most
// `most_listed`; one more then says how many were left out. Memory is bounded (32 MiB and the list) whatever the size:
// where a file has room for more grains than that has bits, the tables are gone through several times.
core::Result<core::Defects> check_tables(GrainTables& tables, std::size_t most_listed = 32);

}  // namespace formats::vmdk
