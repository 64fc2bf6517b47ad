// A second connection to the same host, for whoever reads much: one connection keeps one core busy with its cipher, and
// has a window's bytes under way at most. It is begun when it is first wanted and used once it stands; where the host
// allows none, all goes on over the first.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "storage/ssh_host.h"
#include "storage/ssh_queue.h"

namespace cbtctl::storage {

class SshSecondLine {
 public:
  using Opener = std::function<Result<std::unique_ptr<SshHost>>()>;

  SshSecondLine(Opener opener, std::chrono::seconds idle_after) : opener_(std::move(opener)), idle_after_(idle_after) {}

  // From any thread, as often as one likes; returns at once.
  void begin();

  struct Line {
    SshHost& host;
    SshQueue& queue;
  };
  // Nothing: it does not stand, yet or any more. What it gives lives as long as this.
  [[nodiscard]] std::optional<Line> line() const;

  void give_up() { stands_ = false; }

 private:
  const Opener opener_;
  const std::chrono::seconds idle_after_;
  std::once_flag begun_;
  std::atomic<bool> stands_{false};
  std::unique_ptr<SshHost> host_;    // the queue's thread's
  std::unique_ptr<SshQueue> queue_;  // last: its thread uses the host
};

}  // namespace cbtctl::storage
