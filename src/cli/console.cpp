#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "cli/exit_status.h"
#include "log/log.h"

namespace cbtctl::cli {
namespace {

// What has become of standard output; also for the handler of a signal.
std::atomic<bool> is_written{false};
std::atomic<bool> is_muted{false};

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EPIPE;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// Such as the console of an editor or of a serial line: it would show the control sequences.
bool is_dumb_terminal() {
  const char* terminal = std::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) == "dumb";
}

std::optional<std::size_t> terminal_columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

bool write_output(std::string_view text) {
  if (is_muted) return true;
  is_written = true;
  if (write_all(STDOUT_FILENO, text)) return true;
  log::error("standard output cannot be written");
  return false;
}

bool has_written_output() { return is_written; }

bool asks_for(const std::vector<std::string>& arguments, const std::string& option, const std::string& value) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  for (auto at = arguments.begin(); at != end; ++at) {
    if (value.empty() ? *at == option : *at == option + "=" + value) return true;
    if (!value.empty() && *at == option && at + 1 != end && *(at + 1) == value) return true;
  }
  return false;
}

void mute_output() { is_muted = true; }

void write_when_cancelled(const std::string& text) {
  if (!is_written && !is_muted) write_all(STDOUT_FILENO, text);
}

void write_error(std::string_view text) { write_all(STDERR_FILENO, text); }

int usage_error(std::string_view message, std::string_view help_command) {
  log::error(message);
  write_error(std::string(help_command) + " tells more\n");
  return exit_usage;
}

bool can_draw_progress() { return ::isatty(STDERR_FILENO) == 1 && !is_dumb_terminal(); }

report::Style output_style(ColorChoice choice) {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const bool can_draw = terminal && !is_dumb_terminal();
  const char* no_color = std::getenv("NO_COLOR");
  const bool wanted = no_color == nullptr || *no_color == '\0';
  report::Style style;
  if (terminal) style.width = terminal_columns();
  style.color = choice == ColorChoice::always || (choice == ColorChoice::automatic && can_draw && wanted);
  return style;
}

}  // namespace cbtctl::cli
