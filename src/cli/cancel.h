// Ctrl-C while virtual machines are being changed: the one at work is brought to its end first.
#pragma once

namespace cbtctl::cli {

// As long as it lives, a first signal is noted and a second one ends the process as always.
class CancelLater {
 public:
  CancelLater();
  ~CancelLater();
  CancelLater(const CancelLater&) = delete;
  CancelLater& operator=(const CancelLater&) = delete;
  [[nodiscard]] bool was_asked() const;
};

}  // namespace cbtctl::cli
