#include "storage/slow_paths.h"

#include <system_error>
#include <utility>

#include "formats/core/path.h"
#include "log/log.h"

namespace cbtctl::storage {

SlowPaths& SlowPaths::instance() {
  static constexpr std::chrono::seconds after(10);
  static SlowPaths paths(after, [](const std::string& path) {
    log::warning(path + ": no answer for " + std::to_string(after.count()) + " s, and still waited for");
  });
  return paths;
}

SlowPaths::~SlowPaths() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  ended_.notify_all();
  if (thread_.joinable()) thread_.join();
}

SlowPaths::Wait::Wait(std::string_view folder, std::string_view path, SlowPaths& paths)
    : paths_(paths), folder_(folder), path_(path), since_(Clock::now()) {
  paths_.add(*this);
}

SlowPaths::Wait::~Wait() { paths_.remove(*this); }

// Where the system has no more threads nothing is told.
void SlowPaths::add(Wait& wait) {
  const std::lock_guard lock(mutex_);
  wait.earlier_ = std::exchange(last_, &wait);
  (wait.earlier_ == nullptr ? first_ : wait.earlier_->later_) = &wait;
  if (std::exchange(has_thread_, true)) return;
  try {
    thread_ = std::thread([this] { watch(); });
  } catch (const std::system_error&) {
  }
}

void SlowPaths::remove(Wait& wait) {
  const std::lock_guard lock(mutex_);
  (wait.earlier_ == nullptr ? first_ : wait.earlier_->later_) = wait.later_;
  (wait.later_ == nullptr ? last_ : wait.later_->earlier_) = wait.earlier_;
}

// What begins from now on is due later than what it looks at: it need not be woken for that.
void SlowPaths::watch() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    const auto next = [&] {
      for (const Wait* wait = first_; wait != nullptr; wait = wait->later_) {
        if (!wait->is_told_) return wait->since_;
      }
      return Clock::now();
    };
    if (ended_.wait_until(lock, next() + after_, [&] { return is_ending_; })) return;
    const auto paths = due();
    lock.unlock();
    for (const std::string& path : paths) tell_(path);
    lock.lock();
  }
}

std::vector<std::string> SlowPaths::due() {
  std::vector<std::string> paths;
  const auto before = Clock::now() - after_;
  for (Wait* wait = first_; wait != nullptr && wait->since_ <= before; wait = wait->later_) {
    if (wait->is_told_) continue;
    if (!is_told(wait->folder_))
      paths.push_back(formats::core::join(std::string(wait->folder_), std::string(wait->path_)));
    wait->is_told_ = true;
  }
  return paths;
}

bool SlowPaths::is_told(std::string_view folder) const {
  for (const Wait* wait = first_; wait != nullptr; wait = wait->later_) {
    if (wait->is_told_ && wait->folder_ == folder) return true;
  }
  return false;
}

}  // namespace cbtctl::storage
