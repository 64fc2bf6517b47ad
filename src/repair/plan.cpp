#include "repair/plan.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <random>

namespace cbtctl::repair {
namespace {

constexpr const char* time_form = "%Y%m%dT%H%M%SZ";

std::optional<std::time_t> time_of(const std::string& run) {
  std::tm parts{};
  if (::strptime(run.c_str(), time_form, &parts) == nullptr) return std::nullopt;
  return ::timegm(&parts);
}

}  // namespace

std::string_view name_of(ChangeKind kind) { return kind == ChangeKind::edit ? "edit" : "quarantine"; }

std::string new_run_id(const std::string& newest) {
  std::time_t now = std::time(nullptr);
  if (const auto last = time_of(newest); last && *last >= now) now = *last + 1;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> time{};
  std::strftime(time.data(), time.size(), time_form, &parts);
  std::array<char, 8> more{};
  std::snprintf(more.data(), more.size(), "-%04x", std::random_device{}() & 0xFFFFU);
  return std::string(time.data()) + more.data();
}

bool is_run_id(const std::string& text) {
  constexpr std::size_t time_length = 16;
  return text.size() > time_length + 1 && text[time_length] == '-' && time_of(text) &&
         text.find_first_not_of("0123456789abcdefTZ-") == std::string::npos;
}

}  // namespace cbtctl::repair
