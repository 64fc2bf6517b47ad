// Bytes and numbers as the field prints them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace formats::core {

// A content id: 8 lower-case hex digits.
[[nodiscard]] std::string hex32(std::uint32_t value);

// Two lower-case hex digits per byte, nothing between.
[[nodiscard]] std::string hex_bytes(std::span<const std::byte> bytes);

// 16 bytes in VMware's uuid print form: "52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63".
[[nodiscard]] std::string uuid_text(std::span<const std::byte, 16> bytes);

}  // namespace formats::core
