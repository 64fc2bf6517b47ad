#include "formats/core/hex.h"

namespace formats::core {
namespace {

void append_byte(std::string& out, unsigned value) {
  constexpr char digits[] = "0123456789abcdef";
  out.push_back(digits[(value >> 4) & 0xF]);
  out.push_back(digits[value & 0xF]);
}

}  // namespace

std::string hex32(std::uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) append_byte(out, value >> shift);
  return out;
}

std::string hex_bytes(std::span<const std::byte> bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) append_byte(out, std::to_integer<unsigned>(byte));
  return out;
}

std::string uuid_text(std::span<const std::byte, 16> bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i != 0) out.push_back(i == 8 ? '-' : ' ');
    append_byte(out, std::to_integer<unsigned>(bytes[i]));
  }
  return out;
}

}  // namespace formats::core
