// The program's log, on standard error. The only room that knows spdlog.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cbtctl::log {

enum class Level { quiet, normal, verbose };  // errors only; and warnings; and what is being done

void set_level(Level level);
void detail(std::string_view message);
// `target`: the number of the target that it is about.
void warning(std::string_view message, std::optional<std::size_t> target = std::nullopt);
void error(std::string_view message, std::optional<std::size_t> target = std::nullopt);

struct Message {
  bool is_error = false;
  std::optional<std::size_t> target;
  std::string text;
};

// Every warning and error so far, shown or not: documents repeat them. By target, those about none first; else in the
// order of time.
[[nodiscard]] std::vector<Message> messages();

}  // namespace cbtctl::log
