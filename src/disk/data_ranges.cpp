#include "disk/data_ranges.h"

namespace cbtctl::disk {

formats::core::Result<DataRanges::Range> DataRanges::at(std::uint64_t offset_bytes) const {
  const std::scoped_lock lock(mutex_);
  if (offset_bytes < hole_begin_ || offset_bytes >= data_end_) {
    const auto data = source_.next_data(offset_bytes);
    if (!data) return data.error();
    const bool none = data->length_bytes == 0;
    hole_begin_ = offset_bytes;
    data_begin_ = none ? source_.size_bytes() : data->offset_bytes;
    data_end_ = none ? source_.size_bytes() : data->offset_bytes + data->length_bytes;
  }
  if (offset_bytes < data_begin_) return Range{false, data_begin_};
  return Range{true, data_end_};
}

}  // namespace cbtctl::disk
