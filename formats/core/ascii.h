// ASCII characters, whatever the locale: their kinds, and texts compared without regard to the case of letters. No
// other letter has a case here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace formats::core {

[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_lower_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

[[nodiscard]] constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
[[nodiscard]] std::string lower(std::string_view text);
// Eight characters at once: the top bit of each byte tells first "at least A", then "beyond Z".
[[nodiscard]] constexpr std::uint64_t lower_of_eight(std::uint64_t word) {
  constexpr std::uint64_t every = 0x0101010101010101;
  const std::uint64_t low_bits = word & (every * 0x7F);
  const std::uint64_t from_a = low_bits + every * (0x80 - 'A');
  const std::uint64_t beyond_z = low_bits + every * (0x7F - 'Z');
  const std::uint64_t upper = (from_a ^ beyond_z) & ~word & (every * 0x80);
  return word | upper >> 2;
}

// Of texts of one length.
[[nodiscard]] bool same_ignoring_case(std::string_view a, std::string_view b);
// Most that are compared differ in length: told at once.
[[nodiscard]] inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_ignoring_case(a, b);
}
[[nodiscard]] inline bool ends_with_ignoring_case(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && same_ignoring_case(text.substr(text.size() - end.size()), end);
}

// A word of up to eight letters as a number, whatever its case, for a `switch`; 0 for any other text.
[[nodiscard]] constexpr std::uint64_t folded(std::string_view word) {
  std::uint64_t number = 0;
  if (word.size() > sizeof number) return 0;
  for (const char c : word) {
    if (c == '\0') return 0;
    number = number << 8U | static_cast<unsigned char>(lower(c));
  }
  return number;
}

}  // namespace formats::core
