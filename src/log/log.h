// The program's log, on standard error. The only room that knows spdlog.
#pragma once

#include <string_view>

namespace cbtctl::log {

enum class Level { quiet, normal, verbose };  // errors only; and warnings; and what is being done

void set_level(Level level);
void detail(std::string_view message);
void warning(std::string_view message);
void error(std::string_view message);

}  // namespace cbtctl::log
