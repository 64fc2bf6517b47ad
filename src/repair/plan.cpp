#include "repair/plan.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
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

// The second half tells runs of one second apart, and operators; it goes on from the newest where time does not.
std::string new_run_id(const std::string& newest) {
  constexpr unsigned first_most = 0x8000;
  constexpr unsigned step_most = 0x40;
  constexpr std::time_t last_second =
      253'402'300'799;  // of the year 9999: a planted name must not lead out of the form
  std::random_device chance;
  std::time_t now = std::time(nullptr);
  unsigned more = chance() % first_most;
  if (const auto last = is_run_id(newest) ? time_of(newest) : std::nullopt;
      last && *last >= now && *last < last_second) {
    more = static_cast<unsigned>(std::strtoul(newest.substr(newest.find('-') + 1).c_str(), nullptr, 16)) + 1 +
           chance() % step_most;
    now = *last;
  }
  if (more > 0xFFFFU) {
    ++now;
    more = 0;
  }
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> time{};
  std::strftime(time.data(), time.size(), time_form, &parts);
  std::array<char, 16> second_half{};
  std::snprintf(second_half.data(), second_half.size(), "-%04x", more);
  return std::string(time.data()) + second_half.data();
}

std::string told_of_later(const std::string& schema, const std::string& tool) {
  const auto is_short_word = [](const std::string& text) {
    constexpr std::size_t most = 40;
    constexpr const char* fine = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+~/";
    return !text.empty() && text.size() <= most && text.find_first_not_of(fine) == std::string::npos;
  };
  return "its format" + (is_short_word(schema) ? ", " + schema + "," : std::string()) + " is a later one: use " +
         (is_short_word(tool) ? "cbtctl " + tool : "the version of cbtctl that wrote it");
}

bool has_step(const MachinePlan& machine, const Spot& spot, ChangeKind kind) {
  return std::any_of(machine.changes.begin(), machine.changes.end(),
                     [&](const Change& change) { return change.kind == kind && change.spot == spot; });
}

void number_machines(Plan& plan) {
  for (std::size_t i = 0; i < plan.machines.size(); ++i) plan.machines[i].number = i;
}

bool is_called_like_run(const std::string& text) { return time_of(text).has_value(); }

bool is_run_id(const std::string& text) {
  constexpr std::size_t time_length = 16;
  constexpr std::size_t second_half = 4;
  const std::string_view rest = std::string_view(text).substr(std::min(time_length, text.size()));
  return rest.size() == second_half + 1 && rest.front() == '-' &&
         rest.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos &&
         text.find_first_not_of("0123456789TZ") == time_length && time_of(text);
}

}  // namespace cbtctl::repair
