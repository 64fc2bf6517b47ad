// What a few places show, asked of all at the same time, and how alike it is.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "discovery/place.h"

namespace cbtctl::discovery {

struct Question {
  std::size_t place = 0;
  storage::Request request;
};

// One each.
[[nodiscard]] std::vector<formats::core::Result<storage::Answer>> ask_all(const std::vector<Place>& places,
                                                                          const std::vector<Question>& questions);

// A folder, by the place whose reader shows it.
struct Side {
  std::size_t place = 0;
  std::string path;
  friend auto operator<=>(const Side&, const Side&) = default;  // NOLINT(modernize-use-nullptr)
};

struct Seen {
  storage::EntryType type = storage::EntryType::other;  // `other`: it could not be read
  std::optional<storage::FileStatus> status;            // of the first files
};
using Sample = std::map<std::string, Seen>;  // by path below the side's folder
using Samples = std::map<Side, Sample>;

// The names in the folders themselves.
[[nodiscard]] Samples sample_tops(const std::vector<Place>& places, const std::set<Side>& sides);
// Those below them too, up to a number, and what the files are: of what is kept or read for its name, no logs and
// locks.
[[nodiscard]] Samples sample_all(const std::vector<Place>& places, const std::set<Side>& sides);

// `alike`: the same is shown, by other files or none; `one`: the very files are the same, which is not known where a
// host tells no inodes.
enum class Likeness { different, alike, inodes_unknown, one };

// What one of the two could not read counts for nothing.
[[nodiscard]] Likeness compare(const Sample& first, const Sample& second);

}  // namespace cbtctl::discovery
