// The table of a CTK file: one little-endian u32 per block, the epoch of its last change; 0: never written.
// Streamed in pieces; memory stays bounded whatever the size.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "formats/core/byte_source.h"
#include "formats/core/result.h"
#include "formats/ctk/tracking_file.h"

namespace formats::ctk {

// Where the table lies and what a block means. `blocks` entries from `table_offset_bytes`.
struct TableShape {
  std::uint64_t table_offset_bytes = 512;
  std::uint64_t blocks = 0;
  std::uint64_t block_bytes = 0;
  std::uint64_t capacity_bytes = 0;  // the last block is clipped to it
};

// As the reading has it; nothing where capacity or block size are not known.
[[nodiscard]] std::optional<TableShape> table_shape(const Reading& reading);

struct EpochTotal {
  std::uint32_t epoch = 0;
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
};

// Of a table, or of a part of one.
struct TableTotals {
  std::uint64_t written_blocks = 0;
  std::uint64_t never_written_blocks = 0;
  std::uint32_t greatest_entry = 0;
  std::vector<EpochTotal> epochs;  // ascending, epoch 0 left out
  bool epochs_cut = false;         // more than 250,000 different values: no epoch table was kept
};

// To the totals of a table's beginning those of the part behind it.
void add(TableTotals& sum, const TableTotals& part);

core::Result<TableTotals> total(const core::ByteSource& file, const TableShape& shape);

struct ChangedExtent {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  std::uint32_t epoch = 0;  // the newest, where extents of several epochs are merged
};

struct ChangeQuery {
  std::uint32_t since = 0;           // blocks whose entry is greater than this
  bool merge_across_epochs = false;  // neighbours of different epochs become one extent
};

// Where one table's changed extent `next` goes on with `last`, `last` becomes both; whether it does.
[[nodiscard]] bool join(ChangedExtent& last, const ChangedExtent& next, const ChangeQuery& query);

// Calls `sink` with batches of changed extents, ascending; neighbouring blocks of the same epoch are one. Entries
// behind the table's `blocks` are not looked at; a table cut by the end of the file is `truncated`.
using ExtentSink = std::function<void(std::span<const ChangedExtent>)>;
core::Status visit_changed(const core::ByteSource& file, const TableShape& shape, const ChangeQuery& query,
                           const ExtentSink& sink);

}  // namespace formats::ctk
