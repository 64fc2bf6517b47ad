#include "log/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "formats/core/utf8.h"

namespace cbtctl::log {
namespace {

using formats::core::escaped;

spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("cbtctl", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_pattern("cbtctl: %v");
    made.set_level(spdlog::level::warn);
    return made;
  }();
  return instance;
}

struct Told {
  std::mutex mutex;
  std::vector<Message> messages;
};

Told& told() {
  static Told all;
  return all;
}

void keep(Message message) {
  const std::lock_guard lock(told().mutex);
  told().messages.push_back(std::move(message));
}

}  // namespace

void set_level(Level level) {
  switch (level) {
    case Level::quiet:
      return logger().set_level(spdlog::level::err);
    case Level::normal:
      return logger().set_level(spdlog::level::warn);
    case Level::verbose:
      return logger().set_level(spdlog::level::debug);
  }
}

// Names come from files: no control character may reach the terminal.
void detail(std::string_view message) { logger().debug(escaped(message)); }

void warning(std::string_view message, std::optional<std::size_t> target) {
  logger().warn(escaped(message));
  keep({false, target, std::string(message)});
}

void error(std::string_view message, std::optional<std::size_t> target) {
  logger().error(escaped(message));
  keep({true, target, std::string(message)});
}

std::vector<Message> messages() {
  const std::lock_guard lock(told().mutex);
  std::vector<Message> sorted = told().messages;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.target < b.target; });
  return sorted;
}

}  // namespace cbtctl::log
