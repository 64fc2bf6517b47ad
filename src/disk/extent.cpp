#include "disk/extent.h"

#include <algorithm>
#include <string>

#include "disk/data_ranges.h"
#include "disk/sparse_extent.h"
#include "formats/core/checked.h"
#include "formats/core/read_ahead.h"

namespace cbtctl::disk {
namespace {

using formats::core::Defects;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::sector_bytes;
using formats::core::Status;
using formats::vmdk::ExtentKind;

class ZeroExtent final : public Extent {
 public:
  [[nodiscard]] Run run_at(std::uint64_t, std::uint64_t most_bytes) const override {
    return {Allocation::zero, most_bytes};
  }
  [[nodiscard]] Status read(const Run&, std::uint64_t, std::span<std::byte> out) const override {
    std::fill(out.begin(), out.end(), std::byte{0});
    return formats::core::success();
  }
  Result<Defects> check(Scrutiny) const override { return Defects{}; }
};

// Bytes as they are, from `begin` on in the file: flat extents and the raw device that a virtual RDM maps.
class FlatExtent final : public Extent {
 public:
  FlatExtent(std::shared_ptr<const ByteSource> source, std::uint64_t begin_bytes, std::uint64_t length_bytes)
      : source_(std::move(source)), ranges_(*source_), begin_(begin_bytes), length_(length_bytes) {}

  Run run_at(std::uint64_t offset_bytes, std::uint64_t most_bytes) const override {
    const std::uint64_t at = begin_ + offset_bytes;
    if (at >= source_->size_bytes()) return {Allocation::unreadable, most_bytes};
    const auto range = ranges_.at(at);
    if (!range) return {Allocation::unreadable, most_bytes};
    return {range->is_data ? Allocation::data : Allocation::zero, std::min(range->end_bytes - at, most_bytes), at,
            false, offset_bytes};
  }
  Status read(const Run& run, std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    if (run.allocation == Allocation::unreadable && begin_ + offset_bytes < source_->size_bytes()) {
      const auto range = ranges_.at(begin_ + offset_bytes);
      if (!range) return range.error();
    }
    return read_whole(*source_, begin_ + offset_bytes, out);
  }
  void expect(std::vector<formats::core::ByteRange> ranges) const override {
    formats::core::expect(*source_, std::move(ranges));
  }
  Result<Defects> check(Scrutiny scrutiny) const override {
    const std::uint64_t end = begin_ + length_;
    if (end <= source_->size_bytes() || scrutiny == Scrutiny::headers) return Defects{};
    const std::string expected = std::to_string(end) + " bytes";
    const std::string found = std::to_string(source_->size_bytes()) + " bytes";
    return Defects{{"size", source_->size_bytes(), expected, found,
                    "the file ends at byte " + std::to_string(source_->size_bytes()) + ", the disk needs " + expected}};
  }

 private:
  std::shared_ptr<const ByteSource> source_;
  DataRanges ranges_;
  std::uint64_t begin_;
  std::uint64_t length_;
};

Result<std::unique_ptr<Extent>> open_flat(std::shared_ptr<const ByteSource> source, std::uint64_t begin_sector,
                                          std::uint64_t sectors) {
  const auto begin = formats::core::checked_multiply(begin_sector, sector_bytes);
  const auto length = formats::core::checked_multiply(sectors, sector_bytes);
  if (!begin || !length || !formats::core::checked_add(*begin, *length))
    return Error{ErrorKind::malformed,
                 "an extent of " + std::to_string(sectors) + " sectors from sector " + std::to_string(begin_sector)};
  return std::unique_ptr<Extent>(std::make_unique<FlatExtent>(std::move(source), *begin, *length));
}

}  // namespace

Status read_whole(const ByteSource& source, std::uint64_t offset_bytes, std::span<std::byte> out) {
  const auto count = source.read_at(offset_bytes, out);
  if (!count) return count.error();
  if (*count == out.size()) return formats::core::success();
  return Error{ErrorKind::truncated, "the file ends at byte " + std::to_string(source.size_bytes()) +
                                         ", data is expected up to byte " + std::to_string(offset_bytes + out.size())};
}

Result<std::unique_ptr<Extent>> open_extent(const formats::vmdk::ExtentLine& line,
                                            std::shared_ptr<const ByteSource> source) {
  switch (line.kind) {
    case ExtentKind::zero:
      return std::unique_ptr<Extent>(std::make_unique<ZeroExtent>());
    case ExtentKind::flat:
    case ExtentKind::vmfs:
      return open_flat(std::move(source), line.offset_sectors, line.sectors);
    case ExtentKind::vmfs_rdm:
      return open_flat(std::move(source), 0, line.sectors);
    case ExtentKind::vmfs_sparse:
    case ExtentKind::sesparse:
    case ExtentKind::sparse:
      return open_sparse_extent(std::move(source), line.sectors);
    case ExtentKind::vsan_sparse:
    case ExtentKind::vmfs_raw:
    case ExtentKind::other:
      break;
  }
  return Error{ErrorKind::unsupported, "an extent of type " + line.type + " cannot be read"};
}

}  // namespace cbtctl::disk
