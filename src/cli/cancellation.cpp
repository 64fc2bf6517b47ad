#include "cli/cancellation.h"

#include <unistd.h>
#include <csignal>

#include "cli/exit_status.h"
#include "cli/run.h"

namespace cbtctl::cli {
namespace {

volatile std::sig_atomic_t requested = 0;  // a signal handler can reach nothing else

extern "C" void remember_cancel(int) {
  if (requested != 0) ::_exit(exit_cancelled);
  requested = 1;
}

}  // namespace

Cancellation::Cancellation() {
  requested = 0;
  std::signal(SIGINT, remember_cancel);
  std::signal(SIGTERM, remember_cancel);
}

Cancellation::~Cancellation() { prepare_process(); }

bool Cancellation::is_requested() const { return requested != 0; }

}  // namespace cbtctl::cli
