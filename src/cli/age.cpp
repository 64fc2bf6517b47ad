#include "cli/age.h"

#include <charconv>

namespace cbtctl::cli {

std::optional<std::int64_t> parse_age(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const std::int64_t seconds = unit == "s"   ? 1
                               : unit == "m" ? 60
                               : unit == "h" ? 3600
                               : unit == "d" ? 86400
                               : text == "0" ? 1
                                             : 0;
  // As many days still fit.
  constexpr std::int64_t most = 100'000;
  if (code != std::errc{} || seconds == 0 || number < 0 || number > most) return std::nullopt;
  return number * seconds * 1'000'000'000;
}

}  // namespace cbtctl::cli
