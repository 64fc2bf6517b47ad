// How far many hosts are, on one line of standard error: in a terminal only, from the first half second on, and not
// while a question stands there.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "storage/location.h"
#include "storage/ssh_options.h"
#include "storage/ssh_reader.h"

namespace cbtctl::cli {

class HostProgress {
 public:
  HostProgress(const std::vector<storage::Location>& targets, bool wanted);
  HostProgress(const HostProgress&) = delete;
  HostProgress& operator=(const HostProgress&) = delete;
  ~HostProgress();  // takes the line away

  // From any thread: one host more is connected, or (nothing) cannot be.
  void add(std::shared_ptr<const storage::SshReader> connected);

  // The same secrets, for as long as this is; the line is gone while one is asked for.
  [[nodiscard]] storage::SshSecrets without_line(const storage::SshSecrets& secrets);

 private:
  class Pause;
  void work();
  void draw();  // precondition: the mutex is held

  const std::size_t hosts_;
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::vector<std::shared_ptr<const storage::SshReader>> connected_;
  std::size_t failed_ = 0;
  unsigned questions_ = 0;
  bool is_drawn_ = false;
  bool ended_ = false;
  std::thread thread_;  // last; none where nothing is drawn
};

// "12 of 40 hosts connected, 1 failed; 3.2 MiB received".
[[nodiscard]] std::string host_progress_line(std::size_t hosts, std::size_t connected, std::size_t failed,
                                             std::uint64_t received_bytes);

}  // namespace cbtctl::cli
