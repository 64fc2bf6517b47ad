#include "formats/core/sha256.h"

#include <nettle/sha2.h>

#include <new>
#include <vector>

#include "formats/core/hex.h"

namespace formats::core {
namespace {

sha256_ctx* context(std::array<std::byte, 128>& state) {
  static_assert(sizeof(sha256_ctx) <= sizeof(state) && alignof(sha256_ctx) <= 16);
  return std::launder(reinterpret_cast<sha256_ctx*>(state.data()));
}

}  // namespace

Sha256::Sha256() { ::nettle_sha256_init(new (state_.data()) sha256_ctx); }

void Sha256::add(std::span<const std::byte> bytes) {
  ::nettle_sha256_update(context(state_), bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

std::string Sha256::hex() {
  std::array<std::byte, SHA256_DIGEST_SIZE> digest{};
  ::nettle_sha256_digest(context(state_), digest.size(), reinterpret_cast<std::uint8_t*>(digest.data()));
  return hex_bytes(digest);
}

std::string sha256(std::string_view bytes) {
  Sha256 digest;
  digest.add(bytes);
  return digest.hex();
}

Result<std::string> sha256(const ByteSource& source) {
  Sha256 digest;
  std::vector<std::byte> buffer(std::size_t{1} << 20);
  for (std::uint64_t at = 0; at < source.size_bytes();) {
    const auto count = source.read_at(at, buffer);
    if (!count) return count.error();
    if (*count == 0) break;
    digest.add(std::span(buffer).first(*count));
    at += *count;
  }
  return digest.hex();
}

}  // namespace formats::core
