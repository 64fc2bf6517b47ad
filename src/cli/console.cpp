#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>

#include "cli/exit_status.h"
#include "report/text.h"

namespace cbtctl::cli {
namespace {

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EPIPE;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::optional<std::size_t> terminal_columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

bool write_output(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return true;
  write_error("cbtctl: standard output cannot be written\n");
  return false;
}

void write_error(std::string_view text) { write_all(STDERR_FILENO, text); }

int usage_error(std::string_view message, std::string_view help_command) {
  write_error("cbtctl: " + report::escaped(message) + "\n" + std::string(help_command) + " tells more\n");
  return exit_usage;
}

report::Style output_style(ColorChoice choice) {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");
  const bool wanted = no_color == nullptr || *no_color == '\0';
  report::Style style;
  if (terminal) style.width = terminal_columns();
  style.color = choice == ColorChoice::always || (choice == ColorChoice::automatic && terminal && wanted);
  return style;
}

}  // namespace cbtctl::cli
