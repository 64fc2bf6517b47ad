#include "disk/changes.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "formats/core/checked.h"
#include "formats/core/sha256.h"
#include "formats/identify.h"

namespace cbtctl::disk {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::sector_bytes;

constexpr std::size_t piece_entries = 64 * 1024;
constexpr std::size_t most_listed = 100'000;  // missed ranges that are kept; all are counted

// The entries of a table, a piece at a time.
class Entries {
 public:
  explicit Entries(const Tracking& tracking) : tracking_(tracking) {}
  // Precondition: block < shape.blocks.
  Result<std::uint32_t> at(std::uint64_t block) {
    if (entries_.empty() || block < first_ || block - first_ >= entries_.size()) {
      first_ = block / piece_entries * piece_entries;
      entries_.assign(static_cast<std::size_t>(std::min<std::uint64_t>(piece_entries, tracking_.shape.blocks - first_)),
                      0);
      const auto bytes = std::as_writable_bytes(std::span(entries_));
      const auto count =
          tracking_.source->read_at(tracking_.shape.table_offset_bytes + first_ * formats::ctk::entry_bytes, bytes);
      if (!count) return count.error().in(tracking_.path);
      if (*count != bytes.size()) return Error{ErrorKind::truncated, tracking_.path + ": the table ends with the file"};
    }
    return entries_[static_cast<std::size_t>(block - first_)];
  }

 private:
  const Tracking& tracking_;
  std::vector<std::uint32_t> entries_;
  std::uint64_t first_ = 0;
};

std::uint64_t block_length(const Tracking& tracking, std::uint64_t block) {
  return std::min(tracking.shape.block_bytes, tracking.shape.capacity_bytes - block * tracking.shape.block_bytes);
}

void add_missed(Verdict& verdict, std::uint64_t offset, std::uint64_t length) {
  verdict.missed_bytes += length;
  if (!verdict.missed.empty() && verdict.missed.back().offset_bytes + verdict.missed.back().length_bytes == offset) {
    verdict.missed.back().length_bytes += length;
  } else if (verdict.missed.size() < most_listed) {
    verdict.missed.push_back({.offset_bytes = offset, .length_bytes = length, .sha256_before = {}, .sha256_after = {}});
  }
}

Result<std::string> digest_of(const ByteSource& source, std::uint64_t offset, std::uint64_t length) {
  formats::core::Sha256 digest;
  std::vector<std::byte> buffer(std::size_t{1} << 20);
  while (length > 0) {
    const auto piece =
        std::span(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), length)));
    const auto count = source.read_at(offset, piece);
    if (!count) return count.error();
    if (*count == 0) break;
    digest.add(piece.first(*count));
    offset += *count;
    length -= *count;
  }
  return digest.hex();
}

// Reads one block of an image, knowing where nothing but zeros lies.
class Image {
 public:
  explicit Image(const ByteSource& source) : source_(source) {}
  Result<bool> is_hole(std::uint64_t offset, std::uint64_t length) {
    if (offset >= data_end_) {
      const auto data = source_.next_data(offset);
      if (!data) return data.error();
      data_begin_ = data->length_bytes == 0 ? source_.size_bytes() : data->offset_bytes;
      data_end_ = data->length_bytes == 0 ? ~std::uint64_t{0} : data->offset_bytes + data->length_bytes;
    }
    return offset + length <= data_begin_;
  }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) const {
    return source_.read_at(offset, out);
  }

 private:
  const ByteSource& source_;
  std::uint64_t data_begin_ = 0;
  std::uint64_t data_end_ = 0;
};

Result<bool> differs(Image& before, Image& after, std::uint64_t offset, std::span<std::byte> left,
                     std::span<std::byte> right) {
  const auto left_hole = before.is_hole(offset, left.size());
  if (!left_hole) return left_hole.error();
  const auto right_hole = after.is_hole(offset, right.size());
  if (!right_hole) return right_hole.error();
  if (*left_hole && *right_hole) return false;
  for (auto [image, out] : {std::pair{&before, left}, {&after, right}}) {
    const auto count = image->read(offset, out);
    if (!count) return count.error();
    if (*count != out.size())
      return Error{ErrorKind::truncated, "an image ends at byte " + std::to_string(offset + *count)};
  }
  return std::memcmp(left.data(), right.data(), left.size()) != 0;
}

}  // namespace

Result<Tracking> open_tracking(const NamedSource& file) {
  const auto head = formats::core::read_head(*file.source, formats::ctk::header_bytes);
  if (!head) return head.error().in(file.path);
  const auto header = formats::ctk::decode(*head);
  if (!header) return Error{ErrorKind::unsupported, file.path + ": " + header.error().message};
  Tracking tracking{.path = file.path,
                    .source = file.source,
                    .reading = formats::ctk::read(*header, file.source->size_bytes(), std::nullopt),
                    .shape = {}};
  const auto& reading = tracking.reading;
  const auto capacity = reading.capacity_sectors
                            ? formats::core::checked_multiply(*reading.capacity_sectors, sector_bytes)
                            : std::nullopt;
  if (!capacity || !reading.blocks || !reading.block_sectors) {
    return Error{ErrorKind::unsupported, file.path + ": the header is not understood, the table not read"};
  }
  tracking.shape = {.blocks = *reading.blocks,
                    .block_bytes = std::uint64_t{*reading.block_sectors} * sector_bytes,
                    .capacity_bytes = *capacity};
  if (!tracking.reading.epoch) {
    const auto totals = formats::ctk::total(*file.source, tracking.shape);
    if (!totals) return totals.error().in(file.path);
    if (totals->greatest_entry > 0) tracking.reading.epoch = totals->greatest_entry;
  }
  return tracking;
}

Result<TrackingDifference> compare_tracking(const Tracking& before, const Tracking& after) {
  if (before.shape.capacity_bytes != after.shape.capacity_bytes ||
      before.shape.block_bytes != after.shape.block_bytes) {
    return Error{ErrorKind::unsupported, before.path + " and " + after.path +
                                             " are of disks of other sizes, or of other block sizes: " +
                                             std::to_string(before.shape.capacity_bytes) + " and " +
                                             std::to_string(after.shape.capacity_bytes) + " bytes"};
  }
  TrackingDifference difference;
  difference.restarted = before.reading.uuid != after.reading.uuid;
  difference.went_backwards = !difference.restarted && before.reading.epoch && after.reading.epoch &&
                              *after.reading.epoch < *before.reading.epoch;
  std::map<std::uint32_t, EpochChange> epochs;
  Entries old_entries(before);
  Entries new_entries(after);
  for (std::uint64_t block = 0; block < after.shape.blocks; ++block) {
    const auto was = old_entries.at(block);
    if (!was) return was.error();
    const auto is = new_entries.at(block);
    if (!is) return is.error();
    if (*was == *is) continue;
    ++difference.changed_blocks;
    difference.changed_bytes += block_length(after, block);
    difference.older_blocks += *is < *was ? 1U : 0U;
    EpochChange& epoch = epochs[*is];
    epoch.epoch = *is;
    ++epoch.blocks;
    epoch.bytes += block_length(after, block);
  }
  difference.went_backwards |= !difference.restarted && difference.older_blocks > 0;
  for (const auto& [number, epoch] : epochs) difference.epochs.push_back(epoch);
  return difference;
}

Result<Verdict> verify_by_delta(const Chain& delta, const Tracking& tracking, std::uint32_t since) {
  if (delta.size_bytes() != tracking.shape.capacity_bytes) {
    return Error{ErrorKind::unsupported, tracking.path + " covers " + std::to_string(tracking.shape.capacity_bytes) +
                                             " bytes, the disk has " + std::to_string(delta.size_bytes())};
  }
  Verdict verdict;
  Entries entries(tracking);
  std::optional<Error> failed;
  const auto status = delta.visit_link(0, [&](std::uint64_t offset, const Run& run) {
    for (std::uint64_t at = offset; at < offset + run.length_bytes && !failed;) {
      const std::uint64_t block = at / tracking.shape.block_bytes;
      const std::uint64_t end = std::min((block + 1) * tracking.shape.block_bytes, offset + run.length_bytes);
      const auto entry = entries.at(block);
      if (!entry) {
        failed = entry.error();
        return;
      }
      verdict.compared_bytes += end - at;
      if (*entry > since)
        verdict.marked_bytes += end - at;
      else
        add_missed(verdict, at, end - at);
      at = end;
    }
  });
  if (!status) return status.error();
  if (failed) return *failed;
  return verdict;
}

Result<Verdict> verify_by_images(const ByteSource& before, const ByteSource& after, const Tracking& tracking,
                                 std::uint32_t since) {
  const std::uint64_t capacity = tracking.shape.capacity_bytes;
  if (before.size_bytes() != capacity || after.size_bytes() != capacity) {
    return Error{ErrorKind::unsupported, "the images have " + std::to_string(before.size_bytes()) + " and " +
                                             std::to_string(after.size_bytes()) + " bytes, " + tracking.path +
                                             " covers " + std::to_string(capacity)};
  }
  Verdict verdict{.missed = {}, .compared_bytes = capacity};
  Entries entries(tracking);
  Image left_image(before);
  Image right_image(after);
  std::vector<std::byte> left(static_cast<std::size_t>(tracking.shape.block_bytes));
  std::vector<std::byte> right(left.size());
  for (std::uint64_t block = 0; block < tracking.shape.blocks; ++block) {
    const std::uint64_t offset = block * tracking.shape.block_bytes;
    const auto length = static_cast<std::size_t>(block_length(tracking, block));
    const auto differ =
        differs(left_image, right_image, offset, std::span(left).first(length), std::span(right).first(length));
    if (!differ) return differ.error();
    const auto entry = entries.at(block);
    if (!entry) return entry.error();
    const bool marked = *entry > since;
    if (marked) verdict.marked_bytes += length;
    if (marked && !*differ) verdict.over_reported_bytes += length;
    if (!*differ) continue;
    verdict.differing_bytes += length;
    if (!marked) add_missed(verdict, offset, length);
  }
  for (Missed& missed : verdict.missed) {
    auto old_digest = digest_of(before, missed.offset_bytes, missed.length_bytes);
    if (!old_digest) return old_digest.error();
    auto new_digest = digest_of(after, missed.offset_bytes, missed.length_bytes);
    if (!new_digest) return new_digest.error();
    missed.sha256_before = std::move(*old_digest);
    missed.sha256_after = std::move(*new_digest);
  }
  return verdict;
}

Result<std::vector<std::uint32_t>> newest_entries(const Tracking& tracking, std::size_t cells) {
  std::vector<std::uint32_t> newest(cells);
  Entries entries(tracking);
  for (std::uint64_t block = 0; block < tracking.shape.blocks; ++block) {
    const auto entry = entries.at(block);
    if (!entry) return entry.error();
    // A block may cover several cells of a small disk.
    const auto first = static_cast<std::size_t>(block * cells / tracking.shape.blocks);
    const auto last = std::max(first + 1, static_cast<std::size_t>((block + 1) * cells / tracking.shape.blocks));
    for (std::size_t cell = first; cell < last; ++cell) newest[cell] = std::max(newest[cell], *entry);
  }
  return newest;
}

}  // namespace cbtctl::disk
