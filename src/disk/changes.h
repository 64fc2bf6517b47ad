// What CTK files say of each other, and of the disk that they track.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "disk/chain.h"
#include "formats/ctk/table.h"
#include "formats/ctk/tracking_file.h"

namespace cbtctl::disk {

// A CTK file of which the table can be read.
struct Tracking {
  std::string path;
  std::shared_ptr<const ByteSource> source;
  formats::ctk::Reading reading;
  formats::ctk::TableShape shape;
  [[nodiscard]] std::optional<std::string> change_id() const { return reading.change_id(); }
};
// `unsupported` where it is none, or its layout is not understood. Where the header does not show the epoch it is the
// greatest entry.
Result<Tracking> open_tracking(const NamedSource& file);

struct EpochChange {
  std::uint32_t epoch = 0;  // of the new table
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
};
struct TrackingDifference {
  bool restarted = false;       // another UUID: the tables do not speak of the same beginning
  bool went_backwards = false;  // a lower epoch under the same UUID, or an entry that became older
  std::uint64_t changed_blocks = 0;
  std::uint64_t changed_bytes = 0;
  std::uint64_t older_blocks = 0;  // entries that became lower
  std::vector<EpochChange> epochs;
  [[nodiscard]] bool differs() const { return restarted || went_backwards || changed_blocks > 0; }
};
// `unsupported` where the two are of other capacities or block sizes.
Result<TrackingDifference> compare_tracking(const Tracking& before, const Tracking& after);

// Ranges of the disk, and what was compared.
struct Missed {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  std::string sha256_before;  // of proof alone
  std::string sha256_after;
};
struct Verdict {
  std::vector<Missed> missed;  // unmarked: `suspect` by a delta, proof by two images
  std::uint64_t missed_bytes = 0;
  std::uint64_t compared_bytes = 0;
  std::uint64_t marked_bytes = 0;         // marked since
  std::uint64_t over_reported_bytes = 0;  // images: marked, and equal
  std::uint64_t differing_bytes = 0;      // images: in differing blocks
};

// Every grain that the top link of `delta` holds must lie in a block whose entry is greater than `since`.
Result<Verdict> verify_by_delta(const Chain& delta, const Tracking& tracking, std::uint32_t since);

// Every block that differs must have an entry greater than `since`. `unsupported` where the images' sizes are others.
Result<Verdict> verify_by_images(const ByteSource& before, const ByteSource& after, const Tracking& tracking,
                                 std::uint32_t since);

// The newest entry of each of `cells` equal parts of the disk; 0: never written.
Result<std::vector<std::uint32_t>> newest_entries(const Tracking& tracking, std::size_t cells);

}  // namespace cbtctl::disk
