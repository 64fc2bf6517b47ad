// Ctrl-C as a wish to stop at the next good moment, while long work that can be resumed, or a machine, is under way.
#pragma once

namespace cbtctl::cli {

// While it lives, the first signal is remembered; the second ends the process as always.
class Cancellation {
 public:
  Cancellation();
  ~Cancellation();
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;
  [[nodiscard]] bool is_requested() const;
};

}  // namespace cbtctl::cli
