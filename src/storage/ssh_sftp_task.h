// What one submission asks of an SFTP server, and goes on to ask when answers come.
#pragma once

#include <memory>
#include <string>

#include "storage/ssh_sftp_engine.h"

namespace cbtctl::storage {

[[nodiscard]] EntryType type_of(const sftp::Attributes& attributes);
// What an answer that is none of the expected kinds means.
[[nodiscard]] Error error_of_answer(const sftp::Answer& answer);
[[nodiscard]] bool is_failure(const sftp::Answer& answer);

class SshSftpEngine::Task : public std::enable_shared_from_this<Task> {
 public:
  Task(SshSftpEngine& engine, std::uint64_t tag, std::string path)
      : engine_(engine), tag_(tag), path_(std::move(path)) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task() = default;
  virtual void begin() = 0;

 protected:
  using Maker = SshSftp::Maker;
  template <typename Then>
  void ask(const Maker& maker, Then then, std::size_t answer_bytes = 0) {
    engine_.sftp_->ask(
        maker, [self = shared_from_this(), then](const sftp::Answer& answer) { then(answer); }, answer_bytes);
  }
  [[nodiscard]] std::string absolute(const std::string& path) const { return engine_.root_ + "/" + path; }
  [[nodiscard]] const sftp::Attributes* known() const {
    const auto found = engine_.known_.find(path_);
    return found == engine_.known_.end() ? nullptr : &found->second;
  }

  void finish(Result<Answer> answer) {
    engine_.replies_.push_back({tag_, std::move(answer)});
    engine_.end_task();
  }

  // `then` gets what `path_` is without links on the way, absolute. Where it leads out, or that cannot be told, the
  // task is finished.
  void resolve(const std::function<void(const std::string& real)>& then);

  SshSftpEngine& engine_;
  std::uint64_t tag_;
  std::string path_;
};

}  // namespace cbtctl::storage
