#include "disk/verify.h"

#include <algorithm>

#include "disk/image_comparison.h"
#include "formats/core/sha256.h"

namespace cbtctl::disk {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Status;

std::string digest_of(const ByteSource& source, const formats::core::ByteRange& range) {
  formats::core::Sha256 digest;
  std::vector<std::byte> buffer(std::size_t{256} << 10);
  for (std::uint64_t done = 0; done < range.length_bytes;) {
    const auto piece = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), range.length_bytes - done)));
    if (!read_whole(source, range.offset_bytes + done, piece)) return {};
    digest.add(piece);
    done += piece.size();
  }
  return digest.hex();
}

// What a delta holds, held against the table block by block.
class DeltaVerifier {
 public:
  DeltaVerifier(const Tracking& tracking, std::uint32_t since)
      : tracking_(tracking), since_(since), entries_(tracking) {}

  void add(std::uint64_t offset, const Run& run) {
    const std::uint64_t run_end = offset + run.length_bytes;
    if (run.allocation == Allocation::unreadable) return verdict_.not_compared.add(offset, run.length_bytes);
    for (std::uint64_t at = offset; at < run_end && !failed_;) {
      const std::uint64_t block = at / tracking_.shape.block_bytes;
      const std::uint64_t end = std::min((block + 1) * tracking_.shape.block_bytes, run_end);
      const auto entry = entries_.at(block);
      if (!entry) {
        failed_ = entry.error();
        return;
      }
      verdict_.compared_bytes += end - at;
      if (*entry > since_)
        verdict_.marked_bytes += end - at;
      else
        verdict_.missed.add(at, end - at);
      at = end;
    }
  }

  Result<Verdict> finish() {
    if (failed_) return *failed_;
    return std::move(verdict_);
  }

 private:
  const Tracking& tracking_;
  std::uint32_t since_;
  TrackingEntries entries_;
  Verdict verdict_;
  std::optional<Error> failed_;
};

}  // namespace

void RangeList::add(std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  const bool joins = count_ > 0 && end_bytes_ == offset_bytes;
  bytes_ += length_bytes;
  end_bytes_ = offset_bytes + length_bytes;
  if (!joins) ++count_;
  if (!joins && kept_.size() < most_kept)
    kept_.push_back({offset_bytes, length_bytes});
  else if (joins && count_ == kept_.size())
    kept_.back().length_bytes += length_bytes;
}

Result<Verdict> verify_by_delta(const Chain& delta, const Tracking& tracking, std::uint32_t since) {
  if (delta.size_bytes() != tracking.shape.capacity_bytes) {
    return Error{ErrorKind::unsupported, tracking.path + " covers " + std::to_string(tracking.shape.capacity_bytes) +
                                             " bytes, the disk has " + std::to_string(delta.size_bytes())};
  }
  DeltaVerifier verifier(tracking, since);
  delta.visit_link(0, [&](std::uint64_t offset, const Run& run) { verifier.add(offset, run); });
  auto verdict = verifier.finish();
  if (verdict && verdict->not_compared.count() > 0)
    verdict->why_not_compared = delta.why_unreadable(verdict->not_compared.kept().front().offset_bytes);
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
  Verdict verdict;
  TrackingEntries entries(tracking);
  const auto compared = compare_images(before, after, tracking.shape.block_bytes,
                                       [&](std::uint64_t first, std::span<const std::uint8_t> states) -> Status {
                                         for (std::size_t i = 0; i < states.size(); ++i) {
                                           const std::uint64_t block = first + i;
                                           const std::uint64_t length = tracking.block_length_bytes(block);
                                           const std::uint64_t offset = block * tracking.shape.block_bytes;
                                           if (states[i] == block_unreadable) {
                                             verdict.not_compared.add(offset, length);
                                             continue;
                                           }
                                           const auto entry = entries.at(block);
                                           if (!entry) return entry.error();
                                           const bool differs = (states[i] & block_differs) != 0;
                                           const bool marked = *entry > since;
                                           verdict.compared_bytes += length;
                                           if (marked) verdict.marked_bytes += length;
                                           if (differs) verdict.differing_bytes += length;
                                           if (marked && !differs) verdict.over_reported_bytes += length;
                                           if (differs && !marked) verdict.missed.add(offset, length);
                                         }
                                         return formats::core::success();
                                       });
  if (!compared) return compared.error();
  if (verdict.not_compared.count() > 0) verdict.why_not_compared = *compared;
  for (const auto& range : verdict.missed.kept())
    verdict.digests.push_back({digest_of(before, range), digest_of(after, range)});
  return verdict;
}

}  // namespace cbtctl::disk
