#include "cli/since.h"

#include <charconv>

#include "formats/text/document.h"

namespace cbtctl::cli {
namespace {

std::string bare_uuid(std::string_view text) {
  std::string out;
  for (const char c : formats::text::lower(text)) {
    if (c != ' ' && c != '-') out.push_back(c);
  }
  return out;
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Since> parse_since(const std::string& text) {
  if (text == "*") return Since{};
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) {
    const auto epoch = number(text);
    return epoch ? std::optional(Since{*epoch, {}}) : std::nullopt;
  }
  const auto epoch = number(std::string_view(text).substr(slash + 1));
  const std::string uuid = bare_uuid(std::string_view(text).substr(0, slash));
  const bool is_hex = uuid.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!epoch || uuid.size() != 32 || !is_hex) return std::nullopt;
  return Since{*epoch, uuid};
}

bool has_uuid(const formats::ctk::Reading& reading, const std::string& bare) {
  const auto uuid = reading.uuid_text();
  return uuid && bare_uuid(*uuid) == bare;
}

}  // namespace cbtctl::cli
