#include "report/text.h"

#include <array>
#include <cstdio>
#include <ctime>

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

}  // namespace cbtctl::report
