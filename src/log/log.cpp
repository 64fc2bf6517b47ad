#include "log/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

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
void warning(std::string_view message) { logger().warn(escaped(message)); }
void error(std::string_view message) { logger().error(escaped(message)); }

}  // namespace cbtctl::log
