// Where a source may hold data other than zeros, asked in any order; the last answer is kept, since neighbours ask the
// same.
#pragma once

#include <cstdint>
#include <mutex>

#include "formats/core/byte_source.h"

namespace cbtctl::disk {

// Safe to use from several threads at once.
class DataRanges {
 public:
  // The source must outlive it.
  explicit DataRanges(const formats::core::ByteSource& source) : source_(source) {}

  struct Range {
    bool is_data = false;
    std::uint64_t end_bytes = 0;  // of the range in which the offset lies; at most the source's end
  };
  // Precondition: offset_bytes < source.size_bytes(). The error is that of asking.
  [[nodiscard]] formats::core::Result<Range> at(std::uint64_t offset_bytes) const;

 private:
  const formats::core::ByteSource& source_;
  mutable std::mutex mutex_;
  mutable std::uint64_t hole_begin_ = 0;  // no data from here to data_begin_, data from there to data_end_
  mutable std::uint64_t data_begin_ = 0;
  mutable std::uint64_t data_end_ = 0;
};

}  // namespace cbtctl::disk
