// Each submission is a task that asks, and asks on when answers come. A path that a listing showed is known to hold no
// link; any other is resolved by the server (REALPATH), must lie beneath the root, and is looked at (LSTAT) before it
// is opened: a FIFO would hold the server.
#include "storage/ssh_sftp_engine.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "storage/local_file.h"
#include "storage/path.h"

namespace cbtctl::storage {
namespace {

using formats::core::success;

constexpr std::size_t read_bytes = 32 * 1024;  // what every server gives at once
constexpr std::size_t most_readings = 3;
constexpr std::size_t fewest_begun = 8;
constexpr std::size_t most_entries = 10'000'000;
constexpr unsigned most_folder_reads = 8;

EntryType type_of(const sftp::Attributes& attributes) {
  const std::uint32_t mode = attributes.mode.value_or(0);
  if (S_ISREG(mode)) return EntryType::file;
  if (S_ISDIR(mode)) return EntryType::folder;
  return S_ISLNK(mode) ? EntryType::link : EntryType::other;
}

// What an answer that is none of the expected kinds means.
Error error_of_answer(const sftp::Answer& answer) {
  if (const auto* outcome = std::get_if<sftp::Outcome>(&answer.body)) return error_of_outcome(*outcome);
  return {ErrorKind::malformed, "the SFTP server's answer fits no question"};
}

bool is_failure(const sftp::Answer& answer) {
  const auto* outcome = std::get_if<sftp::Outcome>(&answer.body);
  return outcome != nullptr && outcome->code == sftp::Code::failure;
}

}  // namespace

FileStatus status_of(const sftp::Attributes& attributes) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  FileStatus status{.type = type_of(attributes), .size_bytes = attributes.size_bytes.value_or(0)};
  status.modified_ns = std::int64_t{attributes.modified_s.value_or(0)} * second_ns;
  return status;
}

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

  // `then` gets what `path_` is without links on the way, absolute; "" where it leads out, and where it cannot be told.
  template <typename Then>
  void resolve(Then then) {
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

  SshSftpEngine& engine_;
  std::uint64_t tag_;
  std::string path_;
};

class SshSftpEngine::ListTask final : public Task {
 public:
  using Task::Task;

  void begin() override {
    const sftp::Attributes* seen = known();
    if (path_.empty() || (seen != nullptr && type_of(*seen) == EntryType::folder)) return open();
    resolve([this](const std::string& real) { real == absolute(path_) ? open() : finish(error_of(ELOOP)); });
  }

 private:
  void open() {
    ask([this](std::uint32_t id) { return sftp::open_folder(id, absolute(path_)); },
        [this](const sftp::Answer& answer) {
          const auto* handle = std::get_if<sftp::Handle>(&answer.body);
          if (handle == nullptr) return finish(error_of_answer(answer));
          handle_ = handle->bytes;
          read();
          read();
        });
  }

  void read() {
    ++reading_;
    ask([this](std::uint32_t id) { return sftp::read_folder(id, handle_); },
        [this](const sftp::Answer& answer) {
          --reading_;
          const auto* names = std::get_if<sftp::Names>(&answer.body);
          const auto* outcome = std::get_if<sftp::Outcome>(&answer.body);
          if (names != nullptr) add(*names);
          if (names != nullptr) ++answers_;
          const bool at_end = outcome != nullptr && outcome->code == sftp::Code::end_of_file;
          if (names == nullptr && !at_end && !error_) error_ = error_of_answer(answer);
          ended_ = ended_ || names == nullptr || listing_.entries.size() > most_entries;
          // Names and their end is what most folders answer; one that goes on is read ahead ever further.
          const unsigned wanted = answers_ < 2 ? 1 : std::min(reading_ + 2, most_folder_reads);
          while (!ended_ && reading_ < wanted) read();
          if (ended_ && reading_ == 0) close();
        });
  }

  void add(const sftp::Names& names) {
    for (const sftp::Name& name : names.names) {
      if (name.name == "." || name.name == ".." || name.name.find('/') != std::string::npos || name.name.empty())
        continue;
      Entry entry{.name = name.name, .type = type_of(name.attributes), .link_target = {}};
      if (name.attributes.size_bytes) entry.size = FileSize{*name.attributes.size_bytes, 0};
      engine_.known_.insert_or_assign(join(path_, name.name), name.attributes);
      listing_.entries.push_back(std::move(entry));
    }
  }

  void close() {
    ask([this](std::uint32_t id) { return sftp::close(id, handle_); }, [](const sftp::Answer&) {});
    if (error_ && listing_.entries.empty()) return finish(*error_);
    listing_.incomplete = error_;
    for (std::size_t i = 0; i < listing_.entries.size(); ++i) {
      if (listing_.entries[i].type == EntryType::link) read_link(i);
    }
    finish_when_whole();
  }

  void read_link(std::size_t entry) {
    ++reading_;
    ask([&](std::uint32_t id) { return sftp::read_link(id, absolute(join(path_, listing_.entries[entry].name))); },
        [this, entry](const sftp::Answer& answer) {
          --reading_;
          const auto* names = std::get_if<sftp::Names>(&answer.body);
          if (names != nullptr && names->names.size() == 1)
            listing_.entries[entry].link_target = names->names.front().name;
          finish_when_whole();
        });
  }

  void finish_when_whole() {
    if (reading_ == 0) finish(Answer{std::move(listing_)});
  }

  std::string handle_;
  Listing listing_;
  std::optional<Error> error_;
  unsigned reading_ = 0;  // requests without answer
  unsigned answers_ = 0;  // with names
  bool ended_ = false;
};

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
    const std::uint64_t tag = submission.tag;
    std::shared_ptr<Task> task;
    std::string path;
    if (auto* list = std::get_if<ListRequest>(&submission.request)) {
      task = std::make_shared<ListTask>(*this, tag, path = list->folder);
    } else if (auto* fetch = std::get_if<FetchRequest>(&submission.request)) {
      path = fetch->path;
      task = std::make_shared<FetchTask>(*this, tag, std::move(*fetch));
    } else {
      task = std::make_shared<StatusTask>(*this, tag, path = std::get<StatusRequest>(submission.request).path);
    }
    if (is_inside(path)) {
      tasks_.push_back(std::move(task));
    } else {
      replies_.push_back({tag, Error{ErrorKind::outside, "leads out of the target"}});
    }
  }
  begin_tasks();
  const auto enough = [&] { return replies_.size() >= 256; };
  for (;;) {
    const Status ran = sftp_->run(enough);
    if (!ran) {
      tasks_.clear();
      return ran.error();
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
