#include "host/version.h"

#include <algorithm>
#include <optional>

#include "formats/core/ascii.h"

namespace cbtctl::host {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), formats::core::is_digit);
}

// "7.0.3", "9.0.1.0101".
bool is_version(std::string_view text) {
  std::size_t parts = 0;
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_number(text.substr(0, dot))) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts >= 2;
    text.remove_prefix(dot + 1);
  }
}

// "VMware ESXi 7.0.3 build-20328353".
std::optional<model::HostFacts> from_line(std::string_view line) {
  constexpr std::string_view mark = " build-";
  const std::size_t at = line.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view build = trimmed(line.substr(at + mark.size()));
  const std::string_view before = line.substr(0, at);
  const std::size_t blank = before.rfind(' ');
  if (blank == std::string_view::npos || blank == 0) return std::nullopt;
  const std::string_view version = before.substr(blank + 1);
  if (!is_version(version) || !is_number(build)) return std::nullopt;
  return model::HostFacts{std::string(before.substr(0, blank)), std::string(version), std::string(build)};
}

std::string_view field(const std::vector<std::string_view>& lines, std::string_view key) {
  for (const std::string_view line : lines) {
    const std::string_view text = trimmed(line);
    if (text.starts_with(key) && text.substr(key.size()).starts_with(": ")) return trimmed(text.substr(key.size() + 2));
  }
  return {};
}

std::optional<model::HostFacts> from_block(const std::vector<std::string_view>& lines) {
  constexpr std::string_view prefix = "Releasebuild-";
  const std::string_view product = field(lines, "Product");
  const std::string_view version = field(lines, "Version");
  std::string_view build = field(lines, "Build");
  if (build.starts_with(prefix)) build.remove_prefix(prefix.size());
  if (product.empty() || !is_version(version) || !is_number(build)) return std::nullopt;
  return model::HostFacts{std::string(product), std::string(version), std::string(build)};
}

}  // namespace

Result<model::HostFacts> parse_version(const Answer& answer) {
  const auto lines = lines_of(answer.text);
  for (const std::string_view line : lines) {
    if (auto facts = from_line(line)) return std::move(*facts);
  }
  if (auto facts = from_block(lines)) return std::move(*facts);
  return unknown_form(answer);
}

}  // namespace cbtctl::host
