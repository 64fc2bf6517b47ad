// FNV-1a (Fowler, Noll, Vo): tells texts apart fast, and guards nothing. The width of the hash is that of its type.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

namespace formats::core {

template <std::unsigned_integral Hash>
struct Fnv;
template <>
struct Fnv<std::uint32_t> {
  static constexpr std::uint32_t basis = 0x811C9DC5;
  static constexpr std::uint32_t prime = 0x01000193;
};
template <>
struct Fnv<std::uint64_t> {
  static constexpr std::uint64_t basis = 0xCBF29CE484222325;
  static constexpr std::uint64_t prime = 0x100000001B3;
};

// One step: of a byte by the standard; whoever takes more at a time has a hash of their own.
template <std::unsigned_integral Hash>
[[nodiscard]] constexpr Hash fnv1a_step(Hash hash, Hash piece) {
  return (hash ^ piece) * Fnv<Hash>::prime;
}

template <std::unsigned_integral Hash>
[[nodiscard]] constexpr Hash fnv1a(std::string_view text, Hash hash = Fnv<Hash>::basis) {
  for (const char c : text) hash = fnv1a_step<Hash>(hash, static_cast<unsigned char>(c));
  return hash;
}

}  // namespace formats::core
