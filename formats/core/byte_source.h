// Random access to bytes, wherever they lie: the one way in which parsers and analysis read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "formats/core/result.h"

namespace formats::core {

struct ByteRange {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;

  // What the file system keeps for it, as `du` tells; nothing where that is not known.
  [[nodiscard]] virtual std::optional<std::uint64_t> allocated_bytes() const { return std::nullopt; }

  // Fills `out` from `offset_bytes`; returns the number of bytes read, which is less than out.size() only at the
  // end of the source. An offset at or past the end reads 0 bytes. Safe to call from several threads at once.
  [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const = 0;

  // The next range of `[offset_bytes, size)` that may hold data other than zeros; a length of 0 means: none. A
  // source that knows no holes returns all that is left. Never skips a byte that is not zero.
  [[nodiscard]] virtual Result<ByteRange> next_data(std::uint64_t offset_bytes) const;
};

// Bytes that already lie in memory; does not own them.
class SpanSource final : public ByteSource {
 public:
  explicit SpanSource(std::span<const std::byte> bytes) : bytes_(bytes) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return bytes_.size(); }
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const override;

 private:
  std::span<const std::byte> bytes_;
};

// Exactly `length_bytes` bytes from `offset_bytes`, or `truncated`. The length is checked against the source before
// anything is allocated.
Result<std::vector<std::byte>> read_exact(const ByteSource& source, std::uint64_t offset_bytes,
                                          std::uint64_t length_bytes);

// Fills all of `out` from `offset_bytes`, or `truncated`.
Status read_all(const ByteSource& source, std::uint64_t offset_bytes, std::span<std::byte> out);

// As many of the first `most_bytes` as the source has.
Result<std::vector<std::byte>> read_head(const ByteSource& source, std::size_t most_bytes);

// The bytes as text, whatever they are.
[[nodiscard]] inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace formats::core
