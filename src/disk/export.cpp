// Neighbouring ranges of data, whichever link holds them, are one region: it is read in pieces, each written and hashed
// while the next are read. The hashes depend on what the image holds, not on how many links it took.
#include "disk/export.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "disk/background_hash.h"
#include "disk/background_output.h"
#include "disk/foresight.h"
#include "formats/core/sha256.h"

namespace cbtctl::disk {
namespace {

using formats::core::ByteRange;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Status;

constexpr std::size_t exported_bytes = std::size_t{256} << 10;
constexpr std::size_t pieces = 8;
constexpr std::uint64_t zeros_bytes = std::uint64_t{256} << 20;  // hashed between two looks at the user's wish
constexpr std::uint64_t ahead_bytes = std::uint64_t{64} << 20;   // of data that the files are told of at once
constexpr std::uint64_t checkpoint_bytes = std::uint64_t{8} << 30;

std::span<const std::byte> block_of(std::span<const std::byte> bytes) {
  constexpr std::size_t block_bytes = std::size_t{64} << 10;
  return bytes.first(std::min(block_bytes, bytes.size()));
}

// Precondition: not empty. Ends at the first byte that is none; compares whole words.
bool is_zero(std::span<const std::byte> bytes) {
  return bytes.front() == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

// The regions of data, in order; `foresight`, where there is one, is given what they consist of.
class Regions {
 public:
  explicit Regions(const Chain& chain, Foresight* foresight = nullptr)
      : chain_(chain), foresight_(foresight), walker_(chain, 0, chain.size_bytes()), piece_(walker_.next()) {}

  // A length of 0 at the end.
  Result<ByteRange> next() {
    while (piece_ && allocation() == Allocation::zero) piece_ = walker_.next();
    ByteRange region{piece_ ? piece_->extent.offset_bytes : chain_.size_bytes(), 0};
    for (; piece_ && allocation() != Allocation::zero; piece_ = walker_.next()) {
      if (allocation() == Allocation::unreadable) return chain_.why_unreadable(piece_->extent.offset_bytes);
      region.length_bytes += piece_->extent.length_bytes;
      if (foresight_ != nullptr) foresight_->add(*piece_);
    }
    return region;
  }

 private:
  [[nodiscard]] Allocation allocation() const { return piece_->extent.allocation; }

  const Chain& chain_;
  Foresight* foresight_;
  MapWalker walker_;
  std::optional<MapWalker::Piece> piece_;
};

class Exporter {
 public:
  Exporter(const Chain& chain, storage::PartialOutput& output, const ExportOptions& options,
           const ExportProgress& progress)
      : chain_(chain),
        output_(output),
        progress_(progress),
        regions_(chain, &foresight_),
        buffers_(pieces * exported_bytes),
        written_(output) {
    if (options.hash_data) data_hash_ = std::make_unique<BackgroundHash>();
    if (options.hash_image) image_hash_ = std::make_unique<BackgroundHash>();
  }

  Result<Exported> run() {
    std::uint64_t at = 0;
    for (;;) {
      const auto region = next_region();
      if (!region) return region.error();
      if (const auto done = zeros(at, region->offset_bytes); !done) return done.error();
      if (region->length_bytes == 0) return finish();
      if (const auto done = data(*region); !done) return done.error();
      at = region->offset_bytes + region->length_bytes;
    }
  }

 private:
  // The files are told of what is read next, a good deal at a time.
  Result<ByteRange> next_region() {
    std::uint64_t bytes = 0;
    for (bool more = ahead_.empty(); more;
         more = bytes < ahead_bytes && ahead_.back() && ahead_.back()->length_bytes > 0) {
      ahead_.push_back(regions_.next());
      if (ahead_.back()) bytes += ahead_.back()->length_bytes;
    }
    if (bytes > 0) foresight_.tell();
    Result<ByteRange> next = std::move(ahead_.front());
    ahead_.pop_front();
    return next;
  }

  Status zeros(std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t at = begin; image_hash_ && at < end; at += zeros_bytes) {
      image_hash_->add_zeros(std::min(zeros_bytes, end - at));
      image_hash_->wait(pieces - 2);
      if (!progress_(done_.data_bytes)) return stopped();
    }
    const std::uint64_t from = std::max(begin, output_.resumed_bytes());
    if (end > from) written_.skip(end - from);
    return formats::core::success();
  }

  Status data(const ByteRange& region) {
    if (data_hash_)
      data_hash_->add(std::to_string(region.offset_bytes) + " " + std::to_string(region.length_bytes) + "\n");
    const std::uint64_t end = region.offset_bytes + region.length_bytes;
    for (std::uint64_t at = region.offset_bytes; at < end;) {
      const std::uint64_t resumed = output_.resumed_bytes();
      const std::uint64_t stop = at < resumed ? std::min(end, resumed) : end;
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(exported_bytes, stop - at));
      if (const auto done = piece(at, length, at < resumed); !done) return done;
      at += length;
    }
    return formats::core::success();
  }

  // One buffer's worth, from the file where it is there already.
  Status piece(std::uint64_t offset, std::size_t length, bool is_there) {
    done_.data_bytes += length;
    if (is_there && !data_hash_ && !image_hash_) return formats::core::success();
    const auto bytes = free_buffer().first(length);
    const Status read = is_there ? output_.read_at(offset, bytes) : read_whole(chain_, offset, bytes);
    if (!read) return read;
    if (data_hash_) data_hash_->add(std::span<const std::byte>(bytes));
    if (image_hash_) image_hash_->add(std::span<const std::byte>(bytes));
    if (!is_there) {
      write(bytes);
      since_checkpoint_ += length;
    }
    return step();
  }

  // Blocks of zeros are left out, so that the image is sparse also where the source's file system tells no holes.
  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const bool zeros = is_zero(block_of(bytes));
      std::size_t length = block_of(bytes).size();
      while (length < bytes.size() && is_zero(block_of(bytes.subspan(length))) == zeros)
        length += block_of(bytes.subspan(length)).size();
      if (zeros)
        written_.skip(length);
      else
        written_.append(bytes.first(length));
      bytes = bytes.subspan(length);
    }
  }

  // Not before it is written and the hashes are through with it.
  std::span<std::byte> free_buffer() {
    written_.wait(pieces - 2);
    if (data_hash_) data_hash_->wait(pieces - 2);
    if (image_hash_) image_hash_->wait(pieces - 2);
    next_buffer_ = (next_buffer_ + 1) % pieces;
    return std::span(buffers_).subspan(next_buffer_ * exported_bytes, exported_bytes);
  }

  Status step() {
    if (!progress_(done_.data_bytes)) return stopped();
    if (since_checkpoint_ >= checkpoint_bytes) {
      since_checkpoint_ = 0;
      written_.checkpoint();
    }
    return written_.outcome();
  }

  static Error stopped() { return {ErrorKind::cancelled, "the export was stopped"}; }

  Result<Exported> finish() {
    written_.wait(0);
    if (const auto written = written_.outcome(); !written) return written.error();
    if (!progress_(done_.data_bytes)) return stopped();
    done_.size_bytes = chain_.size_bytes();
    done_.resumed_bytes = output_.resumed_bytes();
    if (data_hash_) done_.data_sha256 = data_hash_->hex();
    if (image_hash_) done_.image_sha256 = image_hash_->hex();
    return done_;
  }

  const Chain& chain_;
  storage::PartialOutput& output_;
  const ExportProgress& progress_;
  Foresight foresight_;
  Regions regions_;
  std::deque<Result<ByteRange>> ahead_;
  std::vector<std::byte> buffers_;
  std::size_t next_buffer_ = 0;
  std::uint64_t since_checkpoint_ = 0;
  Exported done_;
  BackgroundOutput written_;  // it and the hashes stand behind the buffers: they end before these
  std::unique_ptr<BackgroundHash> data_hash_;
  std::unique_ptr<BackgroundHash> image_hash_;
};

}  // namespace

Result<std::uint64_t> measure_data(const Chain& chain) {
  Regions regions(chain);
  std::uint64_t bytes = 0;
  for (;;) {
    const auto region = regions.next();
    if (!region) return region.error();
    if (region->length_bytes == 0) return bytes;
    bytes += region->length_bytes;
  }
}

std::string identity_of(const Chain& chain) {
  formats::core::Sha256 digest;
  for (const Link& link : chain.links()) {
    digest.add(link.path + "\n");
    for (const Link::Part& part : link.parts)
      digest.add(part.path + " " + std::to_string(part.size_bytes) + " " +
                 std::to_string(part.modified_ns.value_or(0)) + "\n");
  }
  return digest.hex();
}

Result<Exported> export_raw(const Chain& chain, storage::PartialOutput& output, const ExportOptions& options,
                            const ExportProgress& progress) {
  return Exporter(chain, output, options, progress).run();
}

}  // namespace cbtctl::disk
