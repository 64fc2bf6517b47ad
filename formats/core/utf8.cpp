#include "formats/core/utf8.h"

#include <utf8proc.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "formats/core/ascii.h"

namespace formats::core {
namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;  // 0: the bytes here are no UTF-8
};

// Strict: no overlong forms, no surrogates, nothing above U+10FFFF. Precondition: `at` < bytes.size().
CodePoint code_point(std::string_view bytes, std::size_t at) {
  const auto* first = reinterpret_cast<const utf8proc_uint8_t*>(bytes.data() + at);
  utf8proc_int32_t value = 0;
  const auto length = utf8proc_iterate(first, static_cast<utf8proc_ssize_t>(bytes.size() - at), &value);
  if (length <= 0) return {};
  return {static_cast<char32_t>(value), static_cast<std::size_t>(length)};
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

// A character that nobody assigned yet is shown as a box.
std::size_t width_of(char32_t c) {
  const auto value = static_cast<utf8proc_int32_t>(c);
  if (utf8proc_category(value) == UTF8PROC_CATEGORY_CN) return 1;
  return static_cast<std::size_t>(utf8proc_charwidth(value));
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
    columns += point.length == 0 ? 1 : width_of(point.value);
    at += point.length == 0 ? 1 : point.length;
  }
  return columns;
}

std::string casefolded(std::string_view text) {
  constexpr auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
  if (is_plain(text)) return lower(text);
  utf8proc_uint8_t* mapped = nullptr;
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &mapped, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (length < 0) return lower(text);
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length)};
}

}  // namespace formats::core
