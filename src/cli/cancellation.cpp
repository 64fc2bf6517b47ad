#include "cli/cancellation.h"

#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "cli/exit_status.h"

namespace cbtctl::cli {
namespace {

volatile std::sig_atomic_t requested = 0;  // a signal handler can reach nothing else

volatile std::sig_atomic_t patience = 0;
constexpr std::string_view once_more = "cbtctl: stops at the next good moment; Ctrl-C once more ends at once\n";

extern "C" void remember_cancel(int signal) {
  if (requested != 0 || signal == SIGALRM) ::_exit(exit_cancelled);
  requested = 1;
  const int number = errno;  // of what is interrupted
  if (patience != 0) {
    ::alarm(static_cast<unsigned>(patience));
  } else {
    [[maybe_unused]] const auto told = ::write(STDERR_FILENO, once_more.data(), once_more.size());
  }
  errno = number;
}

using Handler = void (*)(int);
Handler before_interrupt = SIG_DFL;
Handler before_terminate = SIG_DFL;
Handler before_alarm = SIG_DFL;

}  // namespace

Cancellation::Cancellation(unsigned patience_seconds) {
  requested = 0;
  patience = static_cast<std::sig_atomic_t>(patience_seconds);
  before_alarm = std::signal(SIGALRM, remember_cancel);
  before_interrupt = std::signal(SIGINT, remember_cancel);
  before_terminate = std::signal(SIGTERM, remember_cancel);
}

Cancellation::~Cancellation() {
  std::signal(SIGINT, before_interrupt);
  std::signal(SIGTERM, before_terminate);
  ::alarm(0);
  std::signal(SIGALRM, before_alarm);
}

bool Cancellation::is_requested() const {
  if (requested != 0) ::alarm(0);
  return requested != 0;
}

void Cancellation::take_time() {
  patience = 0;
  ::alarm(0);
}

}  // namespace cbtctl::cli
