// The thread of one connection: jobs one after another, signs of life in between, and the replies that they make.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

#include "storage/reader.h"

namespace cbtctl::storage {

class SshQueue {
 public:
  using Job = std::function<void()>;

  // `idle` is called whenever nothing was to be done for that long. `turns` bounds how many queues work at once.
  SshQueue(std::chrono::seconds idle_after, Job idle, std::shared_ptr<std::counting_semaphore<>> turns);
  SshQueue(const SshQueue&) = delete;
  SshQueue& operator=(const SshQueue&) = delete;
  ~SshQueue();  // drops what has not begun, waits for what has

  void add(Job job, std::size_t replies_to_come);
  void give(std::vector<Reply> replies);  // from within a job
  [[nodiscard]] std::vector<Reply> collect();
  [[nodiscard]] bool is_waited_for();  // from within a job: by another

 private:
  void work();

  const std::chrono::seconds idle_after_;
  const Job idle_;
  const std::shared_ptr<std::counting_semaphore<>> turns_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::vector<Reply> replies_;
  std::size_t outstanding_ = 0;  // replies that are not collected yet
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace cbtctl::storage
