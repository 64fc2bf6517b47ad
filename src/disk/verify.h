// Whether a CTK file misses writes: held against a delta that was written since, or against two images of the disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "disk/chain.h"
#include "disk/tracking.h"

namespace cbtctl::disk {

// Ranges in ascending order, neighbours joined. All are counted; the first ones are kept.
class RangeList {
 public:
  static constexpr std::size_t most_kept = 10'000;
  void add(std::uint64_t offset_bytes, std::uint64_t length_bytes);
  [[nodiscard]] const std::vector<formats::core::ByteRange>& kept() const { return kept_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  std::vector<formats::core::ByteRange> kept_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t end_bytes_ = 0;
};

struct Verdict {
  struct Digests {  // of a missed range in both images; empty where it could not be read
    std::string before;
    std::string after;
  };
  RangeList missed;                                      // unmarked: suspect by a delta, proof by two images
  std::vector<Digests> digests;                          // images: of each range kept in `missed`
  RangeList not_compared;                                // what could not be read
  std::optional<formats::core::Error> why_not_compared;  // of the first of these
  std::uint64_t compared_bytes = 0;
  std::uint64_t marked_bytes = 0;         // of what was compared: marked since
  std::uint64_t over_reported_bytes = 0;  // images: marked, and equal
  std::uint64_t differing_bytes = 0;      // images: in differing blocks
};

// Every grain that the top link of `delta` holds must lie in a block whose entry is greater than `since`. `unsupported`
// where the disk has another size than the CTK file covers.
Result<Verdict> verify_by_delta(const Chain& delta, const Tracking& tracking, std::uint32_t since);

// Every block that differs must have an entry greater than `since`. `unsupported` where the images' sizes are others.
Result<Verdict> verify_by_images(const ByteSource& before, const ByteSource& after, const Tracking& tracking,
                                 std::uint32_t since);

}  // namespace cbtctl::disk
