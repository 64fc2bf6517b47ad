// CTK files by themselves: opened for their table, held against each other, and drawn as cells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "disk/chain.h"
#include "formats/ctk/table.h"
#include "formats/ctk/tracking_file.h"

namespace cbtctl::disk {

// A CTK file of which the table can be read.
struct Tracking {
  std::string path;
  std::string real_path;
  std::shared_ptr<const ByteSource> source;
  formats::ctk::Reading reading;
  formats::ctk::TableShape shape;
  std::optional<std::int64_t> modified_ns;  // of the file
  [[nodiscard]] std::optional<std::string> change_id() const { return reading.change_id(); }
  [[nodiscard]] std::uint64_t block_length_bytes(std::uint64_t block) const;  // the last one is clipped
};
// `unsupported` where it is none, or its layout is not understood. The table's newest entry is looked up, since it may
// tell the epoch.
Result<Tracking> open_tracking(const NamedSource& file, std::optional<std::uint64_t> disk_sectors = {});

// The entries of a table in any order; the last piece read is kept.
class TrackingEntries {
 public:
  // `tracking` must outlive it.
  explicit TrackingEntries(const Tracking& tracking) : tracking_(tracking) {}
  // Precondition: block < shape.blocks. `truncated` where the file ends before.
  Result<std::uint32_t> at(std::uint64_t block);
  // The entries from `block` on that lie in one piece, at least one.
  Result<std::span<const std::uint32_t>> from(std::uint64_t block);

 private:
  const Tracking& tracking_;
  std::vector<std::uint32_t> entries_;
  std::uint64_t first_ = 0;
};

struct EpochChange {
  std::uint32_t epoch = 0;  // of the new table
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
};
struct TrackingDifference {
  bool restarted = false;       // another UUID: the tables do not speak of the same beginning
  bool resized = false;         // another capacity
  bool is_counted = true;       // else the blocks are others too, and no entries were held against each other
  bool went_backwards = false;  // a lower epoch under the same UUID, or an entry that became older
  std::uint64_t changed_blocks = 0;
  std::uint64_t changed_bytes = 0;
  std::uint64_t older_blocks = 0;  // entries that became lower
  std::vector<EpochChange> epochs;
  [[nodiscard]] bool differs() const { return !is_counted || restarted || went_backwards || changed_blocks > 0; }
};
// The error is that of a read.
Result<TrackingDifference> compare_tracking(const Tracking& before, const Tracking& after);

// The newest entry of each `blocks` blocks, the last of which may be fewer; 0: never written. Precondition: blocks > 0.
Result<std::vector<std::uint32_t>> newest_entries(const Tracking& tracking, std::uint64_t blocks);

}  // namespace cbtctl::disk
