#include "storage/ssh_queue.h"

#include <iterator>
#include <utility>

namespace cbtctl::storage {

SshQueue::SshQueue(std::chrono::seconds idle_after, Job idle, std::shared_ptr<std::counting_semaphore<>> turns)
    : idle_after_(idle_after), idle_(std::move(idle)), turns_(std::move(turns)), thread_([this] { work(); }) {}

SshQueue::~SshQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  thread_.join();
}

void SshQueue::add(Job job, std::size_t replies_to_come) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    outstanding_ += replies_to_come;
  }
  changed_.notify_all();
}

void SshQueue::give(std::vector<Reply> replies) {
  {
    const std::lock_guard lock(mutex_);
    std::move(replies.begin(), replies.end(), std::back_inserter(replies_));
  }
  changed_.notify_all();
}

std::vector<Reply> SshQueue::collect() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return outstanding_ == 0 || !replies_.empty(); });
  outstanding_ -= replies_.size();
  return std::exchange(replies_, {});
}

bool SshQueue::is_waited_for() {
  const std::lock_guard lock(mutex_);
  return !jobs_.empty();
}

void SshQueue::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool woken = changed_.wait_for(lock, idle_after_, [&] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    Job job;
    if (woken) {
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    lock.unlock();
    if (turns_) turns_->acquire();
    (woken ? job : idle_)();
    if (turns_) turns_->release();
    lock.lock();
  }
}

}  // namespace cbtctl::storage
