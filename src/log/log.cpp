#include "log/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

namespace cbtctl::log {
namespace {

spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("cbtctl", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_pattern("cbtctl: %v");
    made.set_level(spdlog::level::warn);
    return made;
  }();
  return instance;
}

// Names come from files: no control character may reach the terminal.
std::string escaped(std::string_view message) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      out.push_back(c);
    } else {
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 0xF]};
    }
  }
  return out;
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

void detail(std::string_view message) { logger().debug(escaped(message)); }
void warning(std::string_view message) { logger().warn(escaped(message)); }
void error(std::string_view message) { logger().error(escaped(message)); }

}  // namespace cbtctl::log
