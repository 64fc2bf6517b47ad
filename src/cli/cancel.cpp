#include "cli/cancel.h"

#include <unistd.h>
#include <csignal>

#include "cli/exit_status.h"

namespace cbtctl::cli {
namespace {

volatile std::sig_atomic_t asked = 0;  // all that a signal handler may write to

extern "C" void note_cancel(int) {
  if (asked != 0) ::_exit(exit_cancelled);
  asked = 1;
}

using Handler = void (*)(int);
Handler before_interrupt = SIG_DFL;
Handler before_terminate = SIG_DFL;

}  // namespace

CancelLater::CancelLater() {
  asked = 0;
  before_interrupt = std::signal(SIGINT, note_cancel);
  before_terminate = std::signal(SIGTERM, note_cancel);
}

CancelLater::~CancelLater() {
  std::signal(SIGINT, before_interrupt);
  std::signal(SIGTERM, before_terminate);
}

bool CancelLater::was_asked() const { return asked != 0; }

}  // namespace cbtctl::cli
