// Jobs done one after another on a thread of their own, beside what the caller does.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace cbtctl::disk {

class Background {
 public:
  using Job = std::function<void()>;

  Background();
  // The job that is under way is finished; those behind it are dropped.
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  void add(Job job);
  // Until no more than `most_waiting` jobs are left. After 0 the caller sees all that they did.
  void wait(std::size_t most_waiting);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;  // the first one is being done
  bool over_ = false;
  std::thread thread_;
};

}  // namespace cbtctl::disk
