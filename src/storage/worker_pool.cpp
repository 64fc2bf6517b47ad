#include "storage/worker_pool.h"

#include <sys/resource.h>

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

namespace cbtctl::storage {
namespace {

constexpr std::size_t most_at_once = 16;     // requests a worker takes together
constexpr std::size_t worth_a_wake_up = 32;  // replies that wake the collector before the queue is empty
constexpr std::size_t most_waiting = 256;    // replies not yet collected that make the workers pause

}  // namespace

WorkerPool::Usage WorkerPool::usage() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  return {.sleeps = static_cast<std::uint64_t>(used.ru_nvcsw),
          .blocks_read = static_cast<std::uint64_t>(used.ru_inblock)};
}

WorkerPool::WorkerPool(unsigned workers, Answerer answerer, Gauge gauge)
    : most_threads_(std::max(1U, workers) - 1),
      first_threads_(std::min(most_threads_, std::size_t{std::max(1U, std::thread::hardware_concurrency())} - 1)),
      answerer_(std::move(answerer)),
      gauge_(gauge) {}

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
  if (queue_.size() > 1) add_workers(first_threads_);
  if (idle_ > 0) queued_.notify_all();
}

// Where the system has no more threads, those that are there go on.
void WorkerPool::add_workers(std::size_t up_to) {
  try {
    while (threads_.size() < std::min(up_to, most_threads_)) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
  }
}

// A fair part of the queue, so that the last requests are spread over the workers.
std::size_t WorkerPool::share() const {
  return std::clamp<std::size_t>(queue_.size() / (2 * (most_threads_ + 1)), 1, most_at_once);
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    queued_.wait(lock, [&] { return stopping_ || (!queue_.empty() && replies_.size() < most_waiting); });
    --idle_;
    if (stopping_) return;
    answer_some(lock);
    const bool last = replies_.size() == outstanding_;
    if (collector_waits_ && (last || replies_.size() >= worth_a_wake_up)) answered_.notify_one();
  }
}

void WorkerPool::answer_some(std::unique_lock<std::mutex>& lock) {
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(share());
  std::vector<Submission> taken(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  lock.unlock();
  std::vector<Reply> done;
  done.reserve(taken.size());
  const Usage before = gauge_();
  for (Submission& submission : taken) done.push_back(answerer_(submission));
  const Usage after = gauge_();
  const bool is_slow = (after.sleeps - before.sleeps) * 4 > taken.size();
  reads_from_disk_ = after.blocks_read > before.blocks_read;
  lock.lock();
  if (is_slow && !stopping_ && !queue_.empty()) add_workers(2 * (threads_.size() + 1) - 1);
  std::move(done.begin(), done.end(), std::back_inserter(replies_));
}

std::vector<Reply> WorkerPool::collect() {
  std::unique_lock lock(mutex_);
  const auto is_enough = [&] { return replies_.size() == outstanding_ || replies_.size() >= worth_a_wake_up; };
  while (!is_enough()) {
    if (!queue_.empty()) {
      answer_some(lock);
    } else {
      collector_waits_ = true;
      answered_.wait(lock, is_enough);
      collector_waits_ = false;
    }
  }
  if (replies_.size() >= most_waiting) queued_.notify_all();
  outstanding_ -= replies_.size();
  return std::exchange(replies_, {});
}

}  // namespace cbtctl::storage
