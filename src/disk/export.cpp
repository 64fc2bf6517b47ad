#include "disk/export.h"

#include <algorithm>
#include <vector>

#include "formats/core/sha256.h"

namespace cbtctl::disk {
namespace {

constexpr std::size_t piece_bytes = std::size_t{4} << 20;

class Exporter {
 public:
  Exporter(const Chain& chain, storage::Output& output, bool hash_image)
      : chain_(chain), output_(output), hash_image_(hash_image) {}

  formats::core::Status add(const MapExtent& extent) {
    if (extent.allocation == Allocation::zero) return zeros(extent.length_bytes);
    data_.add(std::to_string(extent.offset_bytes) + " " + std::to_string(extent.length_bytes) + "\n");
    done_.data_bytes += extent.length_bytes;
    for (std::uint64_t at = 0; at < extent.length_bytes;) {
      const auto piece = std::span(buffer_).first(
          static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), extent.length_bytes - at)));
      const auto count = chain_.read_at(extent.offset_bytes + at, piece);
      if (!count) return count.error();
      data_.add(piece.first(*count));
      if (hash_image_) image_.add(piece.first(*count));
      if (const auto written = output_.append(piece.first(*count)); !written) return written;
      at += *count;
    }
    return formats::core::success();
  }

  Exported finish() {
    done_.size_bytes = chain_.size_bytes();
    done_.data_sha256 = data_.hex();
    if (hash_image_) done_.image_sha256 = image_.hex();
    return done_;
  }

 private:
  formats::core::Status zeros(std::uint64_t length) {
    if (hash_image_) {
      std::fill(buffer_.begin(), buffer_.end(), std::byte{0});
      for (std::uint64_t left = length; left > 0;) {
        const auto piece = std::min<std::uint64_t>(left, buffer_.size());
        image_.add(std::span(buffer_).first(static_cast<std::size_t>(piece)));
        left -= piece;
      }
    }
    return output_.skip(length);
  }

  const Chain& chain_;
  storage::Output& output_;
  bool hash_image_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(piece_bytes);
  formats::core::Sha256 data_;
  formats::core::Sha256 image_;
  Exported done_;
};

}  // namespace

Result<Exported> export_raw(const Chain& chain, storage::Output& output, bool hash_image) {
  Exporter exporter(chain, output, hash_image);
  std::optional<formats::core::Error> failed;
  const auto mapped = chain.visit_map([&](const MapExtent& extent) {
    if (failed) return;
    if (const auto added = exporter.add(extent); !added) failed = added.error();
  });
  if (failed) return *failed;
  if (!mapped) return mapped.error();
  return exporter.finish();
}

}  // namespace cbtctl::disk
