#include "storage/ssh_lane.h"

#include <utility>

namespace cbtctl::storage {

void SshLane::ask(SshRead read) {
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(read));
    if (std::exchange(is_served_, true)) return;
  }
  queue_.add([lane = shared_from_this()] { lane->serve(); }, 0);
}

void SshLane::forget() {
  const std::lock_guard lock(mutex_);
  asked_.clear();
}

void SshLane::close() {
  queue_.add([lane = shared_from_this()] { close_now(lane->host_, lane->file_); }, 0);
}

void SshLane::serve() {
  {
    SshReads reads(host_, path_, file_);
    do {
      for (SshRead& read : take()) reads.begin(std::move(read));
      reads.run([&] { return has_more() && !queue_.is_waited_for(); });
    } while (!reads.is_empty());
  }
  {
    const std::lock_guard lock(mutex_);
    is_served_ = !asked_.empty();
    if (!is_served_) return;
  }
  queue_.add([lane = shared_from_this()] { lane->serve(); }, 0);
}

std::deque<SshRead> SshLane::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(asked_, {});
}

bool SshLane::has_more() {
  const std::lock_guard lock(mutex_);
  return !asked_.empty();
}

}  // namespace cbtctl::storage
