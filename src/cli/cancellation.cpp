#include "cli/cancellation.h"

#include <unistd.h>
#include <csignal>

#include "cli/exit_status.h"

namespace cbtctl::cli {
namespace {

volatile std::sig_atomic_t requested = 0;  // a signal handler can reach nothing else

extern "C" void remember_cancel(int) {
  if (requested != 0) ::_exit(exit_cancelled);
  requested = 1;
}

using Handler = void (*)(int);
Handler before_interrupt = SIG_DFL;
Handler before_terminate = SIG_DFL;

}  // namespace

Cancellation::Cancellation() {
  requested = 0;
  before_interrupt = std::signal(SIGINT, remember_cancel);
  before_terminate = std::signal(SIGTERM, remember_cancel);
}

Cancellation::~Cancellation() {
  std::signal(SIGINT, before_interrupt);
  std::signal(SIGTERM, before_terminate);
}

bool Cancellation::is_requested() const { return requested != 0; }

}  // namespace cbtctl::cli
