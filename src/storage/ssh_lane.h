// A connection that reads one file.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "storage/ssh_open_file.h"
#include "storage/ssh_queue.h"

namespace cbtctl::storage {

// What is asked for while something is under way goes out behind it, so that the line is never idle in between. Others
// who want the connection have their turn as soon as what is under way has come. From any thread.
class SshLane : public std::enable_shared_from_this<SshLane> {
 public:
  SshLane(SshHost& host, SshQueue& queue, std::string path, OpenFile file)
      : host_(host), queue_(queue), path_(std::move(path)), file_(std::move(file)) {}
  SshLane(const SshLane&) = delete;
  SshLane& operator=(const SshLane&) = delete;
  ~SshLane() = default;

  [[nodiscard]] const std::string& path() const { return path_; }
  void ask(SshRead read);  // `done` is called on the connection's thread
  void forget();           // what the connection's thread has not taken yet; its `done` is not called
  void close();            // once all that was taken has come; what was not must be forgotten before

 private:
  void serve();
  std::deque<SshRead> take();
  [[nodiscard]] bool has_more();

  SshHost& host_;
  SshQueue& queue_;
  const std::string path_;
  OpenFile file_;     // the thread's
  std::mutex mutex_;  // of all below
  std::deque<SshRead> asked_;
  bool is_served_ = false;  // a job for it is in the queue, or at work
};

}  // namespace cbtctl::storage
