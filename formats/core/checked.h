// Arithmetic on numbers that come from files: overflow is an answer, not an accident.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>

#include "formats/core/byte_source.h"

namespace formats::core {

static_assert(sizeof(std::size_t) == 8, "sizes and offsets of disks are narrowed to std::size_t without a check");

inline constexpr std::uint64_t sector_bytes = 512;

[[nodiscard]] constexpr std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) {
  if (a > std::numeric_limits<std::uint64_t>::max() - b) return std::nullopt;
  return a + b;
}

[[nodiscard]] constexpr std::optional<std::uint64_t> checked_multiply(std::uint64_t a, std::uint64_t b) {
  if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return std::nullopt;
  return a * b;
}

// How many units of `unit` cover `amount`. Precondition: unit > 0. Never overflows.
[[nodiscard]] constexpr std::uint64_t divide_up(std::uint64_t amount, std::uint64_t unit) {
  return amount / unit + (amount % unit != 0 ? 1 : 0);
}

[[nodiscard]] constexpr bool is_power_of_two(std::uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

// The part of `bytes` at `[offset, offset + length)`; nothing where it is not wholly inside.
[[nodiscard]] inline std::optional<std::span<const std::byte>> slice(std::span<const std::byte> bytes,
                                                                     std::uint64_t offset, std::uint64_t length) {
  if (offset > bytes.size() || length > bytes.size() - offset) return std::nullopt;
  return bytes.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
}

// Copies a disk structure out of `bytes` at `offset`; nothing where it does not fit.
template <typename T>
[[nodiscard]] std::optional<T> load(std::span<const std::byte> bytes, std::uint64_t offset = 0) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) == 1);
  const auto part = slice(bytes, offset, sizeof(T));
  if (!part) return std::nullopt;
  T value;
  std::memcpy(&value, part->data(), sizeof(T));
  return value;
}

}  // namespace formats::core
