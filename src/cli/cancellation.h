// Ctrl-C as a wish to stop at the next good moment, while long work that can be resumed, or a machine, is under way.
#pragma once

namespace cbtctl::cli {

// While it lives, the first signal is remembered; the second ends the process as always. With `patience_seconds` so
// does the time, where a host is silent and the moment never comes; without, the user is told of the second.
class Cancellation {
 public:
  explicit Cancellation(unsigned patience_seconds = 0);
  ~Cancellation();
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;
  [[nodiscard]] bool is_requested() const;  // noticed: from now on it takes its time
  void take_time();                         // what comes now shall be finished
};

}  // namespace cbtctl::cli
