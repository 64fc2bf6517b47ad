// Answers requests by SFTP alone, for hosts without a shell: a few hundred files under way at the same time. Per folder
// four requests, per file three, since a listing tells kinds and sizes.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "storage/listing_budget.h"
#include "storage/ssh_engine.h"
#include "storage/ssh_sftp.h"

namespace cbtctl::storage {

class SshSftpEngine final : public SshEngine {
 public:
  // `question`: so long one folder is listed at most.
  SshSftpEngine(std::unique_ptr<SshSftp> sftp, ListingBudget& budget, std::chrono::seconds question)
      : sftp_(std::move(sftp)), budget_(&budget), question_(question) {}

  // The root: `path` without links, or the folder of the file that `path` is. Before anything is asked.
  [[nodiscard]] Status find_root(const std::string& path);
  [[nodiscard]] const std::string& real_root() const { return root_; }  // "" where it is "/"
  [[nodiscard]] bool is_file() const { return is_file_; }

  [[nodiscard]] Status answer(std::vector<Submission> submissions, const Replier& replier) override;
  [[nodiscard]] SshSftp& sftp() { return *sftp_; }

 private:
  class Task;
  class ListTask;
  class FetchTask;
  class StatusTask;

  // What answers a request; in a source of its own, ssh_sftp_list.cpp or ssh_sftp_fetch.cpp.
  std::shared_ptr<Task> task_of(std::uint64_t tag, ListRequest request);
  std::shared_ptr<Task> task_of(std::uint64_t tag, FetchRequest request);
  std::shared_ptr<Task> task_of(std::uint64_t tag, StatusRequest request);
  void begin_tasks();
  void end_task();
  [[nodiscard]] bool give_up_some();

  std::unique_ptr<SshSftp> sftp_;
  ListingBudget* budget_;
  const std::chrono::seconds question_;
  std::optional<Error> given_up_;  // a listing without end: so is the host
  std::string root_;
  bool is_file_ = false;
  std::unordered_map<std::string, sftp::Attributes> known_;  // what listings told, by path
  std::deque<std::shared_ptr<Task>> tasks_;                  // not begun
  std::size_t begun_ = 0;
  std::size_t most_begun_ = 256;
  std::vector<Reply> replies_;
};

[[nodiscard]] FileStatus status_of(const sftp::Attributes& attributes);

}  // namespace cbtctl::storage
