#include "disk/flat_extent.h"

#include <algorithm>
#include <mutex>
#include <string>

#include "formats/core/checked.h"

namespace cbtctl::disk {
namespace {

using formats::core::ByteRange;
using formats::core::Defect;
using formats::core::Defects;
using formats::core::Error;
using formats::core::ErrorKind;

class ZeroExtent final : public Extent {
 public:
  Result<Run> run_at(std::uint64_t, std::uint64_t most_bytes) const override {
    return Run{Allocation::zero, most_bytes};
  }
  Result<std::size_t> read(const Run&, std::uint64_t, std::span<std::byte> out) const override {
    std::fill(out.begin(), out.end(), std::byte{0});
    return out.size();
  }
};

// A link above may ask for many small ranges of one long run, and each would ask the file system again: what it said
// last is kept.
class FlatExtent final : public Extent {
 public:
  FlatExtent(std::shared_ptr<const ByteSource> source, std::uint64_t begin_bytes, std::uint64_t length_bytes)
      : source_(std::move(source)), begin_(begin_bytes), length_(length_bytes) {}

  Result<Run> run_at(std::uint64_t offset_bytes, std::uint64_t most_bytes) const override {
    const std::uint64_t at = begin_ + offset_bytes;
    if (at >= source_->size_bytes())
      return Error{ErrorKind::malformed, "the flat extent ends at byte " + std::to_string(source_->size_bytes())};
    const auto data = next_data(at);
    if (!data) return data.error();
    if (data->offset_bytes > at) return Run{Allocation::zero, std::min(data->offset_bytes - at, most_bytes)};
    return Run{Allocation::data, std::min(data->offset_bytes + data->length_bytes - at, most_bytes), at};
  }

  Result<std::size_t> read(const Run&, std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    const auto read = formats::core::read_all(*source_, begin_ + offset_bytes, out);
    if (!read) return read.error();
    return out.size();
  }

  Result<Defects> check() const override {
    const auto wanted = formats::core::checked_add(begin_, length_);
    if (wanted && *wanted <= source_->size_bytes()) return Defects{};
    const std::string expected = "at least " + std::to_string(wanted.value_or(~std::uint64_t{0})) + " bytes";
    const std::string found = std::to_string(source_->size_bytes()) + " bytes";
    return Defects{
        {"size", source_->size_bytes(), expected, found, "the flat extent has " + found + ", expected " + expected}};
  }

 private:
  // The first data at or behind `at`; where there is none, an empty range at the file's end.
  Result<ByteRange> next_data(std::uint64_t at) const {
    const std::scoped_lock lock(mutex_);
    if (at < asked_ || at >= known_.offset_bytes + known_.length_bytes) {
      const auto data = source_->next_data(at);
      if (!data) return data.error();
      asked_ = at;
      known_ = data->length_bytes == 0 ? ByteRange{source_->size_bytes(), 0} : *data;
    }
    return known_;
  }

  std::shared_ptr<const ByteSource> source_;
  std::uint64_t begin_;
  std::uint64_t length_;
  mutable std::mutex mutex_;
  mutable std::uint64_t asked_ = 0;  // what is known: no data from here up to `known_`
  mutable ByteRange known_;
};

}  // namespace

std::unique_ptr<Extent> zero_extent() { return std::make_unique<ZeroExtent>(); }

std::unique_ptr<Extent> flat_extent(std::shared_ptr<const ByteSource> source, std::uint64_t begin_bytes,
                                    std::uint64_t length_bytes) {
  return std::make_unique<FlatExtent>(std::move(source), begin_bytes, length_bytes);
}

}  // namespace cbtctl::disk
