#include "formats/ctk/bitmap.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "formats/core/endian.h"
#include "formats/ctk/entries.h"

namespace formats::ctk {
namespace {

// Collects bits and hands their bytes on when there is room for no more.
class Packer {
 public:
  explicit Packer(const BitmapSink& sink) : sink_(sink), bytes_(piece_bytes + sizeof(core::le64)) {}

  // Precondition: count <= 64, and `bits` has none beyond it.
  core::Status add(std::uint64_t bits, std::size_t count) {
    if (filled_bits_ + group_entries > piece_bytes * 8) {
      if (auto status = hand_on(filled_bits_ / 8); !status) return status;
    }
    const std::size_t at = filled_bits_ / 8;
    const std::size_t shift = filled_bits_ % 8;
    bytes_[at] |= static_cast<std::byte>(bits << shift);
    const core::le64 others = bits >> (8 - shift);
    std::memcpy(&bytes_[at + 1], &others, sizeof others);
    filled_bits_ += count;
    return core::success();
  }

  core::Status add_zeros(std::uint64_t count) {
    while (count > 0) {
      const std::size_t taken = std::min<std::uint64_t>(count, piece_bytes * 8 - filled_bits_);
      filled_bits_ += taken;
      count -= taken;
      if (filled_bits_ < piece_bytes * 8) continue;
      if (auto status = hand_on(piece_bytes); !status) return status;
    }
    return core::success();
  }

  core::Status finish() { return hand_on((filled_bits_ + 7) / 8); }

 private:
  static constexpr std::size_t piece_bytes = 64 * 1024;

  // The bits of a byte that is not full stay.
  core::Status hand_on(std::size_t whole_bytes) {
    const std::byte rest = bytes_[whole_bytes];
    auto status = sink_(std::span(bytes_).first(whole_bytes));
    std::fill(bytes_.begin(), bytes_.end(), std::byte{0});
    bytes_.front() = rest;
    filled_bits_ %= 8;
    return status;
  }

  const BitmapSink& sink_;
  std::vector<std::byte> bytes_;  // a piece, and what a group may reach beyond it; zeros behind the bits
  std::size_t filled_bits_ = 0;
};

core::Status pack(const EntryReader::Piece& piece, std::uint32_t since, Packer& packer) {
  if (piece.entries == nullptr) return packer.add_zeros(piece.blocks);
  std::uint64_t done = 0;
  for (; done + group_entries <= piece.blocks; done += group_entries) {
    auto status = packer.add(group_mask(piece.entries + done, since).changed, group_entries);
    if (!status) return status;
  }
  for (; done < piece.blocks; ++done) {
    auto status = packer.add(piece.entries[done] > since ? 1 : 0, 1);
    if (!status) return status;
  }
  return core::success();
}

}  // namespace

core::Status visit_bitmap(const core::ByteSource& file, const TableShape& shape, std::uint32_t since,
                          const BitmapSink& sink) {
  EntryReader reader(file, shape);
  Packer packer(sink);
  for (;;) {
    const auto piece = reader.next();
    if (!piece) return piece.error();
    if (piece->blocks == 0) return packer.finish();
    if (auto status = pack(*piece, since, packer); !status) return status;
  }
}

}  // namespace formats::ctk
