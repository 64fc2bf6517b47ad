// The beginning and the end of a file by SFTP, and the status of whatever lies there.
#include <algorithm>
#include <cerrno>

#include "formats/core/path.h"
#include "storage/local_file.h"
#include "storage/ssh_sftp_task.h"

namespace cbtctl::storage {
namespace {

using formats::core::parent_of;

constexpr std::size_t read_bytes = 32 * 1024;  // what every server gives at once
constexpr std::size_t most_readings = 3;

}  // namespace

class SshSftpEngine::StatusTask final : public Task {
 public:
  using Task::Task;

  void begin() override {
    if (known() != nullptr || path_.empty()) return look();
    // The folder must lie inside; the last part answers for itself, link or not.
    const std::string whole = std::exchange(path_, std::string(parent_of(path_)));
    resolve([this, whole](const std::string&) {
      path_ = whole;
      look();
    });
  }

 private:
  void look() {
    ask([this](std::uint32_t id) { return sftp::lstat(id, absolute(path_)); },
        [this](const sftp::Answer& answer) {
          const auto* attributes = std::get_if<sftp::Attributes>(&answer.body);
          finish(attributes == nullptr ? Result<Answer>(error_of_answer(answer)) : Answer{status_of(*attributes)});
        });
  }
};

class SshSftpEngine::FetchTask final : public Task {
 public:
  FetchTask(SshSftpEngine& engine, std::uint64_t tag, FetchRequest request)
      : Task(engine, tag, request.path), request_(std::move(request)) {}

  void begin() override {
    const sftp::Attributes* seen = known();
    if (seen != nullptr && type_of(*seen) == EntryType::file && seen->size_bytes) {
      real_ = absolute(path_);
      return open(*seen);
    }
    resolve([this](const std::string& real) {
      real_ = real;
      look();
    });
  }

 private:
  void look() {
    ask([this](std::uint32_t id) { return sftp::lstat(id, real_); },
        [this](const sftp::Answer& answer) {
          const auto* attributes = std::get_if<sftp::Attributes>(&answer.body);
          if (attributes == nullptr) return finish(error_of_answer(answer));
          if (type_of(*attributes) == EntryType::link) return finish(error_of(ELOOP));
          if (type_of(*attributes) != EntryType::file) return finish(error_of(EISDIR));
          open(*attributes);
        });
  }

  void open(const sftp::Attributes& attributes) {
    status_ = status_of(attributes);
    ask([this](std::uint32_t id) { return sftp::open(id, real_, sftp::open_read, {}); },
        [this](const sftp::Answer& answer) {
          if (const auto* handle = std::get_if<sftp::Handle>(&answer.body)) return read(handle->bytes);
          // Too many open files and a file in use are the same word to an SFTP server.
          if (is_failure(answer) && engine_.give_up_some()) return begin();
          finish(is_failure(answer) ? error_of(EBUSY) : error_of_answer(answer));
        });
  }

  // One byte more than there should be tells whether the file has grown. The handle is closed right behind.
  void read(const std::string& handle) {
    const std::uint64_t size = status_.size_bytes;
    const std::uint64_t wanted = std::min<std::uint64_t>(request_.most_bytes, size + 1);
    head_.assign(static_cast<std::size_t>(wanted), std::byte{});
    head_length_ = tail_length_ = 0;
    const std::uint64_t beyond = size > request_.most_bytes ? size - request_.most_bytes : 0;
    tail_.assign(static_cast<std::size_t>(std::min<std::uint64_t>(beyond, request_.tail_bytes)), std::byte{});
    read_part(handle, 0, head_, head_length_);
    read_part(handle, size - tail_.size(), tail_, tail_length_);
    ask([&](std::uint32_t id) { return sftp::close(id, handle); }, [this](const sftp::Answer&) { take(); });
  }

  // Answers come in the order of the questions: the close answers last.
  void read_part(const std::string& handle, std::uint64_t offset, std::vector<std::byte>& into, std::size_t& length) {
    for (std::size_t at = 0; at < into.size(); at += read_bytes) {
      const std::size_t part = std::min(read_bytes, into.size() - at);
      ask([&](std::uint32_t id) { return sftp::read(id, handle, offset + at, static_cast<std::uint32_t>(part)); },
          [this, at, part, &into, &length](const sftp::Answer& answer) {
            if (const auto* data = std::get_if<sftp::Data>(&answer.body)) {
              const std::size_t count = std::min(part, data->bytes.size());
              std::copy_n(std::as_bytes(std::span(data->bytes)).begin(), count,
                          into.begin() + static_cast<std::ptrdiff_t>(at));
              if (length == at) length += count;
              return;
            }
            const auto* outcome = std::get_if<sftp::Outcome>(&answer.body);
            if (outcome == nullptr || outcome->code != sftp::Code::end_of_file) error_ = error_of_answer(answer);
          },
          part);
    }
  }

  void take() {
    if (error_) return finish(*error_);
    const std::uint64_t expected = std::min<std::uint64_t>(status_.size_bytes, request_.most_bytes);
    if (head_length_ != expected || tail_length_ != tail_.size()) {
      if (++readings_ < most_readings) return look();
      return finish(Error{ErrorKind::changed, "changed each time it was read"});
    }
    head_.resize(head_length_);
    Fetched fetched;
    fetched.bytes = std::move(head_);
    fetched.whole = status_.size_bytes <= request_.most_bytes;
    fetched.status = status_;
    fetched.tail = std::move(tail_);
    fetched.decode(request_);
    finish(Answer{std::move(fetched)});
  }

  FetchRequest request_;
  std::string real_;
  FileStatus status_;
  std::vector<std::byte> head_;
  std::vector<std::byte> tail_;
  std::size_t head_length_ = 0;  // bytes without a gap
  std::size_t tail_length_ = 0;
  std::size_t readings_ = 0;
  std::optional<Error> error_;
};

std::shared_ptr<SshSftpEngine::Task> SshSftpEngine::task_of(std::uint64_t tag, FetchRequest request) {
  return std::make_shared<FetchTask>(*this, tag, std::move(request));
}

std::shared_ptr<SshSftpEngine::Task> SshSftpEngine::task_of(std::uint64_t tag, StatusRequest request) {
  return std::make_shared<StatusTask>(*this, tag, std::move(request.path));
}

}  // namespace cbtctl::storage
