#include "formats/core/byte_source.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace formats::core {

Result<ByteRange> ByteSource::next_data(std::uint64_t offset_bytes) const {
  const std::uint64_t size = size_bytes();
  if (offset_bytes >= size) return ByteRange{size, 0};
  return ByteRange{offset_bytes, size - offset_bytes};
}

Result<std::size_t> SpanSource::read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const {
  if (offset_bytes >= bytes_.size() || out.empty()) return std::size_t{0};
  const auto offset = static_cast<std::size_t>(offset_bytes);
  const std::size_t count = std::min(out.size(), bytes_.size() - offset);
  std::memcpy(out.data(), bytes_.data() + offset, count);
  return count;
}

Result<std::vector<std::byte>> read_exact(const ByteSource& source, std::uint64_t offset_bytes,
                                          std::uint64_t length_bytes) {
  const std::uint64_t size = source.size_bytes();
  const Error cut{ErrorKind::truncated, "ends at byte " + std::to_string(size) + ", expected " +
                                            std::to_string(length_bytes) + " bytes at offset " +
                                            std::to_string(offset_bytes)};
  if (offset_bytes > size || length_bytes > size - offset_bytes) return cut;
  std::vector<std::byte> bytes(static_cast<std::size_t>(length_bytes));
  const Result<std::size_t> count = source.read_at(offset_bytes, bytes);
  if (!count) return count.error();
  if (*count != bytes.size()) return cut;
  return bytes;
}

Status read_all(const ByteSource& source, std::uint64_t offset_bytes, std::span<std::byte> out) {
  const Result<std::size_t> count = source.read_at(offset_bytes, out);
  if (!count) return count.error();
  if (*count == out.size()) return success();
  return Error{ErrorKind::truncated, "the file ends at byte " + std::to_string(source.size_bytes()) +
                                         ", data is expected up to byte " + std::to_string(offset_bytes + out.size())};
}

Result<std::vector<std::byte>> read_head(const ByteSource& source, std::size_t most_bytes) {
  return read_exact(source, 0, std::min<std::uint64_t>(most_bytes, source.size_bytes()));
}

}  // namespace formats::core
