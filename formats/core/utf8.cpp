#include "formats/core/utf8.h"

#include <array>
#include <cstdio>
#include <cwchar>

namespace formats::core {
namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;  // 0: the bytes here are no UTF-8
};

// Strict: no overlong forms, no surrogates, nothing above U+10FFFF. Precondition: `at` < bytes.size().
CodePoint code_point(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned first = byte(at);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > bytes.size()) return {};
  char32_t value = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80) return {};
    value = (value << 6) | (byte(at + i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < least[length] || value > 0x10FFFF || surrogate) return {};
  return {value, length};
}

// Control characters, line separators, and what turns the writing direction or hides itself.
bool is_unprintable(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || c == 0xAD || c == 0x61C;
}

std::string formatted(const char* format, unsigned value) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

std::string escape_of(char32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  if (c == '\r') return "\\r";
  return formatted(c < 0x100 ? "\\x%02x" : "\\u%04x", static_cast<unsigned>(c));
}

// Nearly all text is printable ASCII: told without a decoder.
bool is_plain(std::string_view bytes) {
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) return false;
  }
  return true;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const CodePoint point = code_point(bytes, at);
    if (point.length == 0) return false;
    at += point.length;
  }
  return true;
}

std::string escaped(std::string_view bytes) {
  if (is_plain(bytes)) return std::string(bytes);
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    const CodePoint point = code_point(bytes, at);
    if (point.length == 0) {
      out += formatted("\\x%02x", static_cast<unsigned char>(bytes[at]));
      ++at;
      continue;
    }
    out += is_unprintable(point.value) ? escape_of(point.value) : std::string(bytes.substr(at, point.length));
    at += point.length;
  }
  return out;
}

std::string lossy_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    const CodePoint point = code_point(bytes, at);
    out += point.length == 0 ? "\xEF\xBF\xBD" : std::string(bytes.substr(at, point.length));
    at += point.length == 0 ? 1 : point.length;
  }
  return out;
}

std::size_t columns_of(std::string_view utf8) {
  if (is_plain(utf8)) return utf8.size();
  std::size_t columns = 0;
  for (std::size_t at = 0; at < utf8.size();) {
    const CodePoint point = code_point(utf8, at);
    const int width = point.length == 0 ? 1 : ::wcwidth(static_cast<wchar_t>(point.value));
    columns += width < 0 ? 1 : static_cast<std::size_t>(width);
    at += point.length == 0 ? 1 : point.length;
  }
  return columns;
}

}  // namespace formats::core
