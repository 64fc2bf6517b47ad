#include "storage/worker_pool.h"

#include <sys/resource.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace cbtctl::storage {
namespace {

constexpr std::size_t most_at_once = 64;      // requests a worker takes together
constexpr std::size_t worth_a_wake_up = 256;  // replies that wake the collector before the queue is empty
constexpr std::size_t most_waiting = 4096;    // replies not yet collected that make the workers pause

// How often this thread has gone to sleep so far, which in the middle of its work means: for the storage.
std::size_t waits_so_far() {
  struct rusage used {};
  ::getrusage(RUSAGE_THREAD, &used);
  return static_cast<std::size_t>(used.ru_nvcsw);
}

}  // namespace

WorkerPool::WorkerPool(unsigned workers, Answerer answerer)
    : most_workers_(workers),
      first_workers_(std::min(most_workers_, std::size_t{std::max(1U, std::thread::hardware_concurrency())})),
      answerer_(std::move(answerer)) {}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  queued_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::submit(std::vector<Submission> submissions) {
  const std::lock_guard lock(mutex_);
  outstanding_ += submissions.size();
  std::move(submissions.begin(), submissions.end(), std::back_inserter(queue_));
  while (threads_.size() < first_workers_ && threads_.size() < queue_.size()) add_worker();
  if (idle_ > 0) queued_.notify_all();
}

// A fair part of the queue, so that the last requests are spread over the workers.
std::size_t WorkerPool::share() const {
  return std::clamp<std::size_t>(queue_.size() / (2 * std::size_t{most_workers_}), 1, most_at_once);
}

void WorkerPool::work() {
  std::vector<Submission> taken;
  std::vector<Reply> done;
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    queued_.wait(lock, [&] { return stopping_ || (!queue_.empty() && replies_.size() < most_waiting); });
    --idle_;
    if (stopping_) return;
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(share());
    taken.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    lock.unlock();
    const std::size_t waits = waits_so_far();
    for (Submission& submission : taken) done.push_back(answerer_(submission));
    const bool is_slow = (waits_so_far() - waits) * 4 > taken.size();
    lock.lock();
    if (is_slow && !stopping_ && !queue_.empty()) {
      for (std::size_t more = threads_.size(); more > 0 && threads_.size() < most_workers_; --more) add_worker();
    }
    std::move(done.begin(), done.end(), std::back_inserter(replies_));
    done.clear();
    const bool last = replies_.size() == outstanding_;
    if (collector_waits_ && (last || replies_.size() >= worth_a_wake_up)) answered_.notify_one();
  }
}

std::vector<Reply> WorkerPool::collect() {
  std::unique_lock lock(mutex_);
  collector_waits_ = true;
  answered_.wait(
      lock, [&] { return outstanding_ == 0 || replies_.size() == outstanding_ || replies_.size() >= worth_a_wake_up; });
  collector_waits_ = false;
  if (replies_.size() >= most_waiting) queued_.notify_all();
  outstanding_ -= replies_.size();
  return std::exchange(replies_, {});
}

}  // namespace cbtctl::storage
