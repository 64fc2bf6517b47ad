#include <iconv.h>

#include <array>
#include <cerrno>

#include "formats/text/document.h"

namespace formats::text {
namespace {

bool is_utf8_name(const std::string& encoding) {
  return encoding.empty() || equal_ignoring_case(encoding, "UTF-8") || equal_ignoring_case(encoding, "UTF8");
}

bool is_ascii(std::string_view bytes) {
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

// An open conversion, closed on the way out.
class Converter {
 public:
  explicit Converter(const std::string& encoding) : handle_(::iconv_open("UTF-8", encoding.c_str())) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (is_open()) ::iconv_close(handle_);
  }
  [[nodiscard]] bool is_open() const { return reinterpret_cast<std::intptr_t>(handle_) != -1; }

  std::optional<std::string> convert(std::string_view bytes) {
    std::string input(bytes);
    char* from = input.data();
    std::size_t left = input.size();
    std::string out;
    std::array<char, 1024> piece{};
    while (left > 0) {
      char* to = piece.data();
      std::size_t room = piece.size();
      const std::size_t result = ::iconv(handle_, &from, &left, &to, &room);
      out.append(piece.data(), piece.size() - room);
      if (result == static_cast<std::size_t>(-1) && errno != E2BIG) return std::nullopt;
    }
    return out;
  }

 private:
  iconv_t handle_;
};

}  // namespace

std::optional<std::string> to_utf8(std::string_view bytes, const std::string& encoding) {
  const bool ascii = is_ascii(bytes);
  if (ascii && (is_utf8_name(encoding) || lower(encoding).starts_with("windows-125"))) return std::string(bytes);
  Converter converter(is_utf8_name(encoding) ? "UTF-8" : encoding);
  if (!converter.is_open()) return std::nullopt;
  return converter.convert(bytes);
}

}  // namespace formats::text
