// The letters of pictures: "fixed 7x13" of the X Window System, which is in the public domain.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cbtctl::report {

inline constexpr unsigned glyph_width = 7;
inline constexpr unsigned glyph_height = 13;
inline constexpr unsigned glyph_ascent = 11;  // rows above the baseline

// From the top; the leftmost dot is bit 6.
using Glyph = std::array<std::uint8_t, glyph_height>;

// One for each character of UTF-8 text; what is not ASCII is an empty box.
[[nodiscard]] std::vector<Glyph> glyphs_of(std::string_view utf8);

}  // namespace cbtctl::report
