#include "disk/data_walker.h"

#include <utility>

#include "formats/core/read_ahead.h"

namespace cbtctl::disk {

DataWalker::DataWalker(const ByteSource& image) : image_(image) {
  if (const auto* chain = dynamic_cast<const Chain*>(&image)) map_.emplace(*chain, 0, chain->size_bytes());
}

Result<std::optional<DataRange>> DataWalker::next() {
  if (map_) {
    const auto piece = map_->next();
    if (!piece) return std::optional<DataRange>();
    const MapExtent& extent = piece->extent;
    foresight_.add(*piece);
    return std::optional(DataRange{extent.offset_bytes, extent.offset_bytes + extent.length_bytes,
                                   extent.allocation != Allocation::zero});
  }
  if (at_bytes_ >= image_.size_bytes()) return std::optional<DataRange>();
  const std::uint64_t begin = at_bytes_;
  if (begin < data_end_bytes_) {
    at_bytes_ = data_end_bytes_;
    told_.push_back({begin, at_bytes_ - begin});
    return std::optional(DataRange{begin, at_bytes_, true});
  }
  const auto data = image_.next_data(begin);
  if (!data) return data.error();
  const bool none = data->length_bytes == 0;
  at_bytes_ = none ? image_.size_bytes() : data->offset_bytes;
  data_end_bytes_ = none ? at_bytes_ : data->offset_bytes + data->length_bytes;
  if (at_bytes_ == begin) return next();
  return std::optional(DataRange{begin, at_bytes_, false});
}

void DataWalker::tell() {
  if (map_) return foresight_.tell();
  formats::core::expect(image_, std::exchange(told_, {}));
}

}  // namespace cbtctl::disk
