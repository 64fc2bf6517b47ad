#include "disk/tracking.h"

#include <algorithm>
#include <map>

#include "disk/table.h"

namespace cbtctl::disk {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;

constexpr std::uint64_t piece_entries = 64 * 1024;

// What changed between two pieces of the same blocks.
class DifferenceCounter {
 public:
  explicit DifferenceCounter(const Tracking& after) : after_(after) {}

  void add(std::uint64_t block, std::uint32_t was, std::uint32_t is) {
    const std::uint64_t bytes = after_.block_length_bytes(block);
    ++difference_.changed_blocks;
    difference_.changed_bytes += bytes;
    difference_.older_blocks += is < was ? 1U : 0U;
    EpochChange& epoch = epochs_[is];
    epoch.epoch = is;
    ++epoch.blocks;
    epoch.bytes += bytes;
  }
  TrackingDifference take() {
    for (const auto& [number, epoch] : epochs_) difference_.epochs.push_back(epoch);
    return std::move(difference_);
  }

 private:
  const Tracking& after_;
  TrackingDifference difference_;
  std::map<std::uint32_t, EpochChange> epochs_;
};

formats::core::Status count_differences(const Tracking& before, const Tracking& after, DifferenceCounter& counter) {
  TrackingEntries old_entries(before);
  TrackingEntries new_entries(after);
  for (std::uint64_t block = 0; block < after.shape.blocks;) {
    const auto was = old_entries.from(block);
    if (!was) return was.error();
    const auto is = new_entries.from(block);
    if (!is) return is.error();
    const std::size_t length = std::min(was->size(), is->size());
    for (std::size_t i = 0; i < length; ++i) {
      if ((*was)[i] != (*is)[i]) counter.add(block + i, (*was)[i], (*is)[i]);
    }
    block += length;
  }
  return formats::core::success();
}

}  // namespace

std::uint64_t Tracking::block_length_bytes(std::uint64_t block) const {
  return std::min(shape.block_bytes, shape.capacity_bytes - block * shape.block_bytes);
}

Result<Tracking> open_tracking(const NamedSource& file, std::optional<std::uint64_t> disk_sectors) {
  const auto head = formats::core::read_head(*file.source, formats::ctk::header_bytes);
  if (!head) return head.error().in(file.path);
  const auto header = formats::ctk::decode(*head);
  if (!header) return Error{ErrorKind::unsupported, file.path + ": " + header.error().message};
  Tracking tracking{.path = file.path,
                    .real_path = file.real_path,
                    .source = file.source,
                    .reading = formats::ctk::read(*header, file.source->size_bytes(), {.disk_sectors = disk_sectors}),
                    .shape = {},
                    .modified_ns = file.modified_ns};
  const auto shape = formats::ctk::table_shape(tracking.reading);
  if (!shape) return Error{ErrorKind::unsupported, file.path + ": the header is not understood, the table not read"};
  tracking.shape = *shape;
  const auto totals = disk::total(*file.source, tracking.shape);
  if (!totals) return totals.error().in(file.path);
  tracking.reading = formats::ctk::read(*header, file.source->size_bytes(),
                                        {.disk_sectors = disk_sectors, .newest_entry = totals->greatest_entry});
  return tracking;
}

Result<std::uint32_t> TrackingEntries::at(std::uint64_t block) {
  const auto entries = from(block);
  if (!entries) return entries.error();
  return entries->front();
}

Result<std::span<const std::uint32_t>> TrackingEntries::from(std::uint64_t block) {
  if (block < first_ || block - first_ >= entries_.size()) {
    first_ = block / piece_entries * piece_entries;
    entries_.resize(static_cast<std::size_t>(std::min(piece_entries, tracking_.shape.blocks - first_)));
    const auto bytes = std::as_writable_bytes(std::span(entries_));
    const std::uint64_t offset = tracking_.shape.table_offset_bytes + first_ * formats::ctk::entry_bytes;
    const auto count = tracking_.source->read_at(offset, bytes);
    if (!count || *count != bytes.size()) {
      entries_.clear();
      return count ? Error{ErrorKind::truncated, tracking_.path + ": the table ends with the file"}
                   : count.error().in(tracking_.path);
    }
  }
  return std::span<const std::uint32_t>(entries_).subspan(static_cast<std::size_t>(block - first_));
}

Result<TrackingDifference> compare_tracking(const Tracking& before, const Tracking& after) {
  DifferenceCounter counter(after);
  const bool is_counted =
      before.shape.capacity_bytes == after.shape.capacity_bytes && before.shape.block_bytes == after.shape.block_bytes;
  if (is_counted) {
    if (const auto counted = count_differences(before, after, counter); !counted) return counted.error();
  }
  TrackingDifference difference = counter.take();
  difference.is_counted = is_counted;
  difference.resized = before.shape.capacity_bytes != after.shape.capacity_bytes;
  difference.restarted = before.reading.uuid != after.reading.uuid;
  const bool older_epoch = before.reading.epoch && after.reading.epoch && *after.reading.epoch < *before.reading.epoch;
  difference.went_backwards = !difference.restarted && (older_epoch || difference.older_blocks > 0);
  return difference;
}

Result<std::vector<std::uint32_t>> newest_entries(const Tracking& tracking, std::uint64_t blocks) {
  const std::uint64_t all = tracking.shape.blocks;
  std::vector<std::uint32_t> newest;
  TrackingEntries entries(tracking);
  for (std::uint64_t begin = 0; begin < all; begin += blocks) {
    const std::uint64_t end = std::min(begin + blocks, all);
    std::uint32_t found = 0;
    for (std::uint64_t block = begin; block < end;) {
      auto piece = entries.from(block);
      if (!piece) return piece.error();
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(piece->size(), end - block));
      for (const std::uint32_t entry : piece->first(length)) found = std::max(found, entry);
      block += length;
    }
    newest.push_back(found);
  }
  return newest;
}

}  // namespace cbtctl::disk
