// Little-endian integers of alignment 1, so that a struct can be declared exactly as it lies on the disk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace formats::core {

// Holds the bytes as stored; converts on use. Trivially copyable, `sizeof` is the stored width.
template <typename T>
class LittleEndian {
 public:
  constexpr LittleEndian() = default;
  constexpr LittleEndian(T value) {  // NOLINT(google-explicit-constructor): a field is assigned like an integer
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes_[i] = static_cast<std::uint8_t>(value >> (8 * i));
  }

  constexpr operator T() const {  // NOLINT(google-explicit-constructor): a field is read like an integer
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value | (static_cast<T>(bytes_[i]) << (8 * i)));
    return value;
  }

 private:
  std::array<std::uint8_t, sizeof(T)> bytes_{};
};

using le16 = LittleEndian<std::uint16_t>;
using le32 = LittleEndian<std::uint32_t>;
using le64 = LittleEndian<std::uint64_t>;

static_assert(sizeof(le16) == 2 && alignof(le16) == 1);
static_assert(sizeof(le32) == 4 && alignof(le32) == 1);
static_assert(sizeof(le64) == 8 && alignof(le64) == 1);

}  // namespace formats::core
