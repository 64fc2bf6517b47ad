#include "formats/ctk/entries.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <string>

#include "formats/core/checked.h"
#include "formats/ctk/tracking_file.h"

namespace formats::ctk {
namespace {

constexpr std::size_t piece_entries = 65536;  // 256 KiB: stays in the second-level cache
constexpr std::size_t lead_entries = 16;      // room before a piece for the entry before it, keeping alignment

}  // namespace

// Compiled for each width of vector registers; the machine it runs on decides, before the thread sanitizer is there.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define CBTCTL_WIDE [[gnu::target_clones("avx512f", "avx2", "default")]]
#else
#define CBTCTL_WIDE
#endif

#if defined(__SSE2__)

// SSE2 compares signed numbers: both sides are moved by 2^31 first.
GroupMask group_mask(const std::uint32_t* entries, std::uint32_t since) {
  const __m128i bias = _mm_set1_epi32(static_cast<int>(0x80000000U));
  const __m128i limit = _mm_set1_epi32(static_cast<int>(since ^ 0x80000000U));
  const auto bits = [](__m128i a, __m128i b, __m128i c, __m128i d) {
    const __m128i packed = _mm_packs_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d));
    return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(packed)));
  };
  GroupMask mask;
  for (std::size_t sixteen = 0; sixteen < group_entries; sixteen += 16) {
    const auto load = [at = entries + sixteen](std::ptrdiff_t offset) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + offset));
    };
    const auto changed = [&](std::ptrdiff_t offset) {
      return _mm_cmpgt_epi32(_mm_xor_si128(load(offset), bias), limit);
    };
    const auto same = [&](std::ptrdiff_t offset) { return _mm_cmpeq_epi32(load(offset), load(offset - 1)); };
    mask.changed |= bits(changed(0), changed(4), changed(8), changed(12)) << sixteen;
    mask.same_as_before |= bits(same(0), same(4), same(8), same(12)) << sixteen;
  }
  return mask;
}

#else

GroupMask group_mask(const std::uint32_t* entries, std::uint32_t since) {
  GroupMask mask;
  for (std::size_t i = 0; i < group_entries; ++i) {
    mask.changed |= std::uint64_t{entries[i] > since} << i;
    mask.same_as_before |= std::uint64_t{entries[i] == *(entries + i - 1)} << i;
  }
  return mask;
}

#endif

CBTCTL_WIDE std::uint32_t every_bit(const std::uint32_t* entries) {
  std::uint32_t all = 0;
  for (std::size_t i = 0; i < group_entries; ++i) all |= entries[i];
  return all;
}

CBTCTL_WIDE std::size_t unchanging(const std::uint32_t* entries, std::size_t count) {
  const std::uint32_t value = *(entries - 1);
  std::size_t done = 0;
  for (; done + group_entries <= count; done += group_entries) {
    std::uint32_t difference = 0;
    for (std::size_t i = 0; i < group_entries; ++i) difference |= entries[done + i] ^ value;
    if (difference != 0) break;
  }
  return done;
}

EntryReader::EntryReader(const core::ByteSource& file, const TableShape& shape)
    : file_(file),
      shape_(shape),
      buffer_(std::make_unique_for_overwrite<std::uint32_t[]>(lead_entries + piece_entries)) {
  static_assert(std::endian::native == std::endian::little, "entries are read in place");
}

core::Result<EntryReader::Piece> EntryReader::next() {
  if (block_ == shape_.blocks) return Piece{block_, 0, nullptr};
  const std::uint64_t at = shape_.table_offset_bytes + block_ * entry_bytes;
  if (at >= data_end_bytes_) {
    const auto data = file_.next_data(at);
    if (!data) return data.error();
    data_end_bytes_ = data->offset_bytes + data->length_bytes;
    const std::uint64_t data_begin = data->length_bytes == 0 ? file_.size_bytes() : data->offset_bytes;
    const std::uint64_t hole = std::min((data_begin - at) / entry_bytes, shape_.blocks - block_);
    if (hole > 0) {
      const Piece piece{block_, hole, nullptr};
      block_ += hole;
      before_ = 0;
      return piece;
    }
  }
  const std::uint64_t blocks = std::min<std::uint64_t>(piece_entries, shape_.blocks - block_);
  std::uint32_t* entries = buffer_.get() + lead_entries;
  *(entries - 1) = before_;
  const auto count = file_.read_at(at, std::as_writable_bytes(std::span(entries, static_cast<std::size_t>(blocks))));
  if (!count) return count.error();
  if (*count != blocks * entry_bytes) {
    return core::Error{core::ErrorKind::truncated,
                       "table ends at byte " + std::to_string(at + *count) + ", expected " +
                           std::to_string(shape_.blocks) + " entries up to byte " +
                           std::to_string(shape_.table_offset_bytes + shape_.blocks * entry_bytes)};
  }
  const Piece piece{block_, blocks, entries};
  block_ += blocks;
  before_ = entries[blocks - 1];
  return piece;
}

}  // namespace formats::ctk
