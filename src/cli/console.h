// Standard output and error: the report goes to one, everything else to the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/table.h"

namespace cbtctl::cli {

// False where the bytes could not be written; a closed pipe counts as written, since nobody reads.
bool write_output(std::string_view text);
// Whether anything went to standard output yet.
[[nodiscard]] bool has_written_output();
// Whether the arguments hold an option, with this value where it takes one; also where they cannot be parsed.
[[nodiscard]] bool asks_for(const std::vector<std::string>& arguments, const std::string& option,
                            const std::string& value = {});
// From now on reports go nowhere: --quiet, or standard output is for something else.
void mute_output();
// In the handler of a signal: unless a report has begun.
void write_when_cancelled(const std::string& text);
void write_error(std::string_view text);

inline constexpr std::string_view clear_line = "\r\x1b[K";  // of a terminal

// On a terminal that can take a line back.
[[nodiscard]] bool can_draw_progress();

// "cbtctl: <message>" and where help is, on standard error; returns exit_usage.
int usage_error(std::string_view message, std::string_view help_command);

enum class ColorChoice { automatic, always, never };
// Width and colour of standard output: neither in a pipe, unless colour is asked for; NO_COLOR is heeded.
[[nodiscard]] report::Style output_style(ColorChoice choice);

}  // namespace cbtctl::cli
