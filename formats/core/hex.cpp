#include "formats/core/hex.h"

namespace formats::core {
namespace {

// Two digits of `value` at `at`.
void put_byte(std::string& out, std::size_t at, unsigned value) {
  constexpr char digits[] = "0123456789abcdef";
  out[at] = digits[(value >> 4) & 0xF];
  out[at + 1] = digits[value & 0xF];
}

}  // namespace

std::string hex32(std::uint32_t value) {
  std::string out(8, '0');
  for (std::size_t i = 0; i < 4; ++i) put_byte(out, 2 * i, value >> (24 - 8 * i));
  return out;
}

std::string hex_bytes(std::span<const std::byte> bytes) {
  std::string out(2 * bytes.size(), '0');
  for (std::size_t i = 0; i < bytes.size(); ++i) put_byte(out, 2 * i, std::to_integer<unsigned>(bytes[i]));
  return out;
}

std::string uuid_text(std::span<const std::byte, 16> bytes) {
  std::string out(3 * bytes.size() - 1, ' ');
  for (std::size_t i = 0; i < bytes.size(); ++i) put_byte(out, 3 * i, std::to_integer<unsigned>(bytes[i]));
  out[3 * 8 - 1] = '-';
  return out;
}

}  // namespace formats::core
