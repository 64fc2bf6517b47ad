#include "report/text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "formats/core/ascii.h"

namespace cbtctl::report {

std::string human_size(std::uint64_t bytes) {
  constexpr std::array<const char*, 7> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  auto amount = static_cast<double>(bytes);
  while (amount >= 1024 && unit + 1 < units.size()) {
    amount /= 1024;
    ++unit;
  }
  const auto whole = static_cast<std::uint64_t>(amount);
  if (amount == static_cast<double>(whole)) return std::to_string(whole) + ' ' + units[unit];
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f %s", amount, units[unit]);
  return buffer.data();
}

std::string rfc3339(std::int64_t seconds_since_1970) {
  const std::time_t seconds = seconds_since_1970;
  std::tm parts{};
  std::array<char, 32> buffer{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return {};
  std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return buffer.data();
}

std::string shell_word(std::string_view text) {
  const auto is_plain = [](char c) {
    return formats::core::is_digit(c) || (formats::core::lower(c) >= 'a' && formats::core::lower(c) <= 'z') ||
           std::string_view("_./:@%+=,-").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace cbtctl::report
