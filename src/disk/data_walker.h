// Where an image may hold data, from its beginning to its end.
#pragma once

#include <cstdint>
#include <optional>

#include "disk/foresight.h"

namespace cbtctl::disk {

struct DataRange {
  std::uint64_t begin_bytes = 0;
  std::uint64_t end_bytes = 0;
  bool may_hold_data = false;  // else: nothing but zeros
};

class DataWalker {
 public:
  // The image must outlive it. A chain is walked by its map, so that no table is scanned twice.
  explicit DataWalker(const ByteSource& image);
  // The range that begins where the one before ended; neighbours may be alike. Nothing at the end.
  [[nodiscard]] Result<std::optional<DataRange>> next();
  // The image is told that the data of the ranges given since the last time is read now.
  void tell();

 private:
  const ByteSource& image_;
  std::optional<MapWalker> map_;
  Foresight foresight_;                         // of a chain
  std::vector<formats::core::ByteRange> told_;  // of any other image
  std::uint64_t at_bytes_ = 0;
  std::uint64_t data_end_bytes_ = 0;  // data from at_bytes_ to here, where that is more
};

}  // namespace cbtctl::disk
