// A bounded pool that answers requests in bulk: workers take a handful at a time and hand their replies back together,
// so that a wake-up is paid for many requests. Whoever collects is one of the workers: instead of waiting it answers
// too, and alone where there is but one. The pool begins with a worker per core and grows while they wait for the
// storage: what comes from memory is slower with more threads than cores, what comes from a disk or a network faster.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/reader.h"

namespace cbtctl::storage {

class WorkerPool {
 public:
  using Answerer = std::function<Reply(Submission&)>;  // called from several threads at once
  // Of the calling thread, so far.
  struct Usage {
    std::uint64_t sleeps = 0;       // in the middle of its work: for the storage
    std::uint64_t blocks_read = 0;  // which a disk or a network's file system gave, not the kernel's cache
  };
  using Gauge = Usage (*)();
  static Usage usage();  // as the kernel counts it

  WorkerPool(unsigned workers, Answerer answerer, Gauge gauge = usage);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  void submit(std::vector<Submission> submissions);
  [[nodiscard]] std::vector<Reply> collect();

  // Whether blocks were read for what was answered last.
  [[nodiscard]] bool reads_from_disk() const { return reads_from_disk_; }

 private:
  void work();
  void answer_some(std::unique_lock<std::mutex>& lock);
  void add_workers(std::size_t up_to);
  [[nodiscard]] std::size_t share() const;

  const std::size_t most_threads_;  // without whoever collects
  const std::size_t first_threads_;
  const Answerer answerer_;
  const Gauge gauge_;
  std::mutex mutex_;
  std::condition_variable queued_;
  std::condition_variable answered_;
  std::deque<Submission> queue_;
  std::vector<Reply> replies_;
  std::size_t outstanding_ = 0;  // queued, being answered, or not yet collected
  std::size_t idle_ = 0;
  bool collector_waits_ = false;
  bool stopping_ = false;
  std::atomic<bool> reads_from_disk_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cbtctl::storage
