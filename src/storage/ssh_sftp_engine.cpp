// Each submission is a task that asks, and asks on when answers come. A path that a listing showed is known to hold no
// link; any other is resolved by the server (REALPATH), must lie beneath the root, and is looked at (LSTAT) before it
// is opened: a FIFO would hold the server.
#include "storage/ssh_sftp_engine.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "formats/core/path.h"
#include "storage/local_file.h"
#include "storage/ssh_sftp_task.h"

namespace cbtctl::storage {
namespace {

using formats::core::is_inside;
using formats::core::parent_of;
using formats::core::success;

constexpr std::size_t fewest_begun = 8;

}  // namespace

EntryType type_of(const sftp::Attributes& attributes) {
  const std::uint32_t mode = attributes.mode.value_or(0);
  if (S_ISREG(mode)) return EntryType::file;
  if (S_ISDIR(mode)) return EntryType::folder;
  return S_ISLNK(mode) ? EntryType::link : EntryType::other;
}

Error error_of_answer(const sftp::Answer& answer) {
  if (const auto* outcome = std::get_if<sftp::Outcome>(&answer.body)) return error_of_outcome(*outcome);
  return {ErrorKind::malformed, "the SFTP server's answer fits no question"};
}

bool is_failure(const sftp::Answer& answer) {
  const auto* outcome = std::get_if<sftp::Outcome>(&answer.body);
  return outcome != nullptr && outcome->code == sftp::Code::failure;
}

FileStatus status_of(const sftp::Attributes& attributes) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  FileStatus status{.type = type_of(attributes), .size_bytes = attributes.size_bytes.value_or(0)};
  status.modified_ns = std::int64_t{attributes.modified_s.value_or(0)} * second_ns;
  return status;
}

void SshSftpEngine::Task::resolve(const std::function<void(const std::string& real)>& then) {
  ask([this](std::uint32_t id) { return sftp::real_path(id, absolute(path_)); },
      [this, then](const sftp::Answer& answer) {
        const auto* names = std::get_if<sftp::Names>(&answer.body);
        const std::string real =
            names != nullptr && names->names.size() == 1 ? names->names.front().name : std::string{};
        const bool inside =
            real == engine_.root_ || real.starts_with(engine_.root_ + "/") || (engine_.root_.empty() && real == "/");
        if (names == nullptr && !is_failure(answer)) return finish(error_of_answer(answer));
        if (!inside) return finish(error_of(ELOOP));
        then(real);
      });
}

// Half as many files at once; false where there is nothing left to give up.
bool SshSftpEngine::give_up_some() {
  if (most_begun_ <= fewest_begun) return false;
  most_begun_ = std::max(fewest_begun, most_begun_ / 2);
  return true;
}

void SshSftpEngine::begin_tasks() {
  while (!tasks_.empty() && begun_ < most_begun_) {
    const std::shared_ptr<Task> task = std::move(tasks_.front());
    tasks_.pop_front();
    ++begun_;
    task->begin();
  }
}

void SshSftpEngine::end_task() {
  --begun_;
  begin_tasks();
}

Status SshSftpEngine::answer(std::vector<Submission> submissions, const Replier& replier) {
  for (Submission& submission : submissions) {
    const bool inside = is_inside(path_of(submission.request));
    if (inside) {
      tasks_.push_back(
          std::visit([&](auto& request) { return task_of(submission.tag, std::move(request)); }, submission.request));
    } else {
      replies_.push_back({submission.tag, Error{ErrorKind::outside, "leads out of the target"}});
    }
  }
  begin_tasks();
  const auto enough = [&] { return replies_.size() >= 256 || given_up_; };
  for (;;) {
    const Status ran = sftp_->run(enough);
    if (!ran || given_up_) {
      tasks_.clear();
      return given_up_ ? *given_up_ : ran.error();
    }
    if (replies_.empty()) return success();
    replier(std::exchange(replies_, {}));
  }
}

Status SshSftpEngine::find_root(const std::string& path) {
  std::optional<Error> error;
  std::string real;
  sftp_->ask([&](std::uint32_t id) { return sftp::real_path(id, path); },
             [&](const sftp::Answer& answer) {
               const auto* names = std::get_if<sftp::Names>(&answer.body);
               if (names != nullptr && names->names.size() == 1) real = names->names.front().name;
               if (real.empty()) error = error_of_answer(answer);
             });
  sftp_->ask([&](std::uint32_t id) { return sftp::stat(id, path); },
             [&](const sftp::Answer& answer) {
               const auto* attributes = std::get_if<sftp::Attributes>(&answer.body);
               if (attributes == nullptr) error = error_of_answer(answer);
               if (attributes != nullptr) is_file_ = type_of(*attributes) == EntryType::file;
             });
  const Status ran = sftp_->run();
  if (!ran) return ran.error();
  if (error) return *error;
  root_ = is_file_ ? std::string(parent_of(real)) : real;
  if (root_ == "/") root_.clear();
  return success();
}

}  // namespace cbtctl::storage
