// Whether a file may be moved aside, or deleted for good, as a CTK file: contract, section 7. The last word on it; who
// plans, moves, purges or offers a fix asks here and nowhere else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/identify.h"
#include "model/datastore.h"

namespace cbtctl::analysis {

inline constexpr std::uint64_t max_tracking_file_bytes = std::uint64_t{64} * 1024 * 1024;

// Named: by a changeTrackPath, or it lies where ESXi makes the CTK file of a disk. Orphan: nothing names it.
enum class TrackingRole { named, orphan };

enum class EntryKind { file, link, folder, device };  // a FIFO or socket is as good as a device

struct TrackingFileFacts {
  std::string path;
  TrackingRole role{};
  EntryKind type{};
  std::uint64_t size_bytes = 0;
  formats::FileKind kind{};       // by its first bytes
  bool is_of_other_kind = false;  // a scan, which reads more of it, found it to be something else
  bool is_extent = false;         // some descriptor names it as its data
  std::string other_user;         // a descriptor that names it and that the plan does not mend
};

// Why a file is left where it is.
enum class Unmovable {
  link,
  folder,
  device,
  called_like_data,
  extent,
  other_content,
  too_large,
  used_by_others,
  not_called_tracking,
  without_signature,
};

// Nothing: it may be moved.
[[nodiscard]] std::optional<Unmovable> tracking_file_verdict(const TrackingFileFacts& facts);

// As a scan saw the file: enough to offer a fix, not to carry it out (repair/tracking.h looks again).
[[nodiscard]] TrackingFileFacts facts_of(const model::Datastore& datastore, const model::File& file, TrackingRole role);

// "it is called like disk data".
[[nodiscard]] std::string in_words(Unmovable why, const TrackingFileFacts& facts);

}  // namespace cbtctl::analysis
