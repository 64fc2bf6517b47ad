// Reading from front to back, the next part is asked for while the last is worked on; parts grow, so that a look at a
// header stays cheap. Any other range is asked for as it is, in pieces that travel together.
#include "storage/ssh_file.h"

#include <algorithm>
#include <cerrno>
#include <future>
#include <mutex>
#include <vector>

#include "storage/local_file.h"
#include "storage/path.h"

namespace cbtctl::storage {
namespace {

using formats::core::success;

constexpr std::size_t piece_bytes = 64 * 1024;  // what OpenSSH 5 to 9 give at once
constexpr std::size_t first_part_bytes = 256 * 1024;
constexpr std::size_t most_part_bytes = 4 * 1024 * 1024;

// Calls `work` on the queue's thread and waits for what it returns.
template <typename Value>
Result<Value> on_thread(SshQueue& queue, std::function<Result<Value>()> work) {
  auto promise = std::make_shared<std::promise<Result<Value>>>();
  auto future = promise->get_future();
  queue.add([promise, work = std::move(work)] { promise->set_value(work()); }, 0);
  return future.get();
}

struct OpenFile {
  std::string handle;
  unsigned generation = 0;  // of the SFTP channel that knows the handle
  std::uint64_t size_bytes = 0;
};

// Answers of several requests, until one is an error.
class Answers {
 public:
  template <typename Body, typename Take>
  SshSftp::Handler expect(Take take) {
    return [this, take](const sftp::Answer& answer) {
      if (const auto* body = std::get_if<Body>(&answer.body)) return take(*body);
      const auto* outcome = std::get_if<sftp::Outcome>(&answer.body);
      if (error_) return;
      error_ = outcome != nullptr ? error_of_outcome(*outcome)
                                  : Error{ErrorKind::malformed, "the SFTP server's answer fits no question"};
      is_failure_ = outcome != nullptr && outcome->code == sftp::Code::failure;
    };
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] bool is_failure() const { return is_failure_; }

 private:
  std::optional<Error> error_;
  bool is_failure_ = false;
};

Status run(SshHost& host, SshSftp& channel) {
  const Status ran = channel.run();
  if (!ran) host.fail(ran.error());
  return ran ? success() : Status(*host.failure());
}

struct Found {
  std::string real;  // absolute, without links
  FileStatus status;
};

Result<Found> look_up(SshHost& host, SshSftpEngine& engine, const std::string& path) {
  if (!is_inside(path)) return Error{ErrorKind::outside, "leads out of the target"};
  const std::string absolute = engine.real_root() + "/" + path;
  Found found;
  Answers answers;
  engine.sftp().ask([&](std::uint32_t id) { return sftp::real_path(id, absolute); },
                    answers.expect<sftp::Names>([&](const sftp::Names& names) {
                      if (!names.names.empty()) found.real = names.names.front().name;
                    }));
  engine.sftp().ask([&](std::uint32_t id) { return sftp::stat(id, absolute); },
                    answers.expect<sftp::Attributes>([&](const auto& told) { found.status = status_of(told); }));
  const Status ran = run(host, engine.sftp());
  if (!ran) return ran.error();
  if (answers.error()) return *answers.error();
  return found;
}

// Where the path leads without links, beneath the root; and that it is a file.
Result<std::string> real_file(SshHost& host, SshSftpEngine& engine, const std::string& path) {
  const auto found = look_up(host, engine, path);
  if (!found) return found.error();
  if (!found->real.starts_with(engine.real_root() + "/")) return error_of(ELOOP);
  if (found->status.type != EntryType::file) {
    const bool is_folder = found->status.type == EntryType::folder;
    return Error{ErrorKind::malformed, is_folder ? "is a folder" : "is not a regular file"};
  }
  return found->real;
}

Result<OpenFile> open_now(SshHost& host, const std::string& path) {
  const auto engine = host.sftp();
  if (!engine) return engine.error();
  SshSftp& channel = (*engine)->sftp();
  const auto real = real_file(host, **engine, path);
  if (!real) return real.error();
  OpenFile file{.handle = {}, .generation = host.sftp_generation()};
  Answers answers;
  channel.ask([&](std::uint32_t id) { return sftp::open(id, *real, sftp::open_read, {}); },
              answers.expect<sftp::Handle>([&](const sftp::Handle& handle) {
                file.handle = handle.bytes;
                channel.ask([&](std::uint32_t id) { return sftp::fstat(id, file.handle); },
                            answers.expect<sftp::Attributes>([&](const sftp::Attributes& found) {
                              file.size_bytes = found.size_bytes.value_or(0);
                            }));
              }));
  const Status ran = run(host, channel);
  if (!ran) return ran.error();
  if (!answers.error()) return file;
  return answers.is_failure() && file.handle.empty() ? error_of(EBUSY) : *answers.error();
}

// Fills `out` from `offset`, all pieces under way together; a piece that comes short is asked for again from there on.
class RangeRead {
 public:
  RangeRead(SshSftp& channel, const std::string& handle) : channel_(channel), handle_(handle) {}

  void ask(std::uint64_t offset, std::span<std::byte> out) {
    for (std::size_t at = 0; at < out.size(); at += piece_bytes) {
      ask_piece(offset + at, out.subspan(at, std::min(piece_bytes, out.size() - at)));
    }
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  void ask_piece(std::uint64_t offset, std::span<std::byte> out) {
    channel_.ask(
        [&](std::uint32_t id) { return sftp::read(id, handle_, offset, static_cast<std::uint32_t>(out.size())); },
        [this, offset, out](const sftp::Answer& answer) { take(answer, offset, out); }, out.size());
  }

  void take(const sftp::Answer& answer, std::uint64_t offset, std::span<std::byte> out) {
    const auto* data = std::get_if<sftp::Data>(&answer.body);
    if (data == nullptr || data->bytes.empty()) {
      const auto* outcome = std::get_if<sftp::Outcome>(&answer.body);
      const bool at_end = data != nullptr || (outcome != nullptr && outcome->code == sftp::Code::end_of_file);
      if (!error_)
        error_ = at_end || outcome == nullptr ? Error{ErrorKind::changed, "became shorter while it was read"}
                                              : error_of_outcome(*outcome);
      return;
    }
    const std::size_t count = std::min(out.size(), data->bytes.size());
    std::copy_n(std::as_bytes(std::span(data->bytes)).begin(), count, out.begin());
    if (count < out.size()) ask_piece(offset + count, out.subspan(count));
  }

  SshSftp& channel_;
  const std::string& handle_;
  std::optional<Error> error_;
};

class SshFile final : public ByteSource {
 public:
  SshFile(SshHost& host, SshQueue& queue, std::string path, OpenFile file)
      : host_(host), queue_(queue), path_(std::move(path)), file_(std::move(file)), size_bytes_(file_.size_bytes) {}
  SshFile(const SshFile&) = delete;
  SshFile& operator=(const SshFile&) = delete;
  ~SshFile() override {
    if (next_.valid()) next_.wait();
    queue_.add([&host = host_, file = file_] { close_now(host, file); }, 0);
  }

  [[nodiscard]] std::uint64_t size_bytes() const override { return size_bytes_; }

  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset >= size_bytes_ || out.empty()) return std::size_t{0};
    out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_bytes_ - offset)));
    const std::lock_guard lock(mutex_);
    if (offset != expected_) return read_elsewhere(offset, out);
    const std::size_t wanted = out.size();
    while (!out.empty()) {
      const auto part = part_at(offset);
      if (!part) return part.error();
      const std::size_t count = std::min(out.size(), part->size());
      std::copy_n(part->begin(), count, out.begin());
      out = out.subspan(count);
      offset += count;
    }
    expected_ = offset;
    return wanted;
  }

 private:
  using Part = std::vector<std::byte>;

  static void close_now(SshHost& host, const OpenFile& file) {
    if (host.failure() || host.sftp_generation() != file.generation) return;
    const auto engine = host.sftp();
    if (!engine) return;
    (*engine)->sftp().ask([&](std::uint32_t id) { return sftp::close(id, file.handle); }, [](const auto&) {});
    [[maybe_unused]] const Status ran = run(host, (*engine)->sftp());
  }

  // On the queue's thread.
  Result<Part> read_now(std::uint64_t offset, std::size_t length) const {
    const auto engine = host_.sftp();
    if (!engine) return engine.error();
    if (host_.sftp_generation() != file_.generation) {
      auto again = open_now(host_, path_);
      if (!again) return again.error();
      file_ = std::move(*again);
    }
    Part part(length);
    RangeRead read((*engine)->sftp(), file_.handle);
    read.ask(offset, part);
    const Status ran = run(host_, (*engine)->sftp());
    if (!ran) return ran.error();
    if (read.error()) return *read.error();
    return part;
  }

  // A jump: what was read ahead is of no use, and reading from front to back begins anew.
  Result<std::size_t> read_elsewhere(std::uint64_t offset, std::span<std::byte> out) const {
    drop_ahead();
    const std::size_t length = out.size();
    const auto part = on_thread<Part>(queue_, [this, offset, length] { return read_now(offset, length); });
    if (!part) return part.error();
    std::copy(part->begin(), part->end(), out.begin());
    expected_ = offset + length;
    part_bytes_ = first_part_bytes;
    return length;
  }

  void drop_ahead() const {
    if (next_.valid()) next_.wait();
    next_ = {};
    part_ = {};
  }

  // What is there of the part that holds `offset`; the part after it is on its way already.
  Result<std::span<const std::byte>> part_at(std::uint64_t offset) const {
    if (part_.empty() || offset >= part_offset_ + part_.size()) {
      if (!next_.valid()) ask_ahead(offset);
      auto part = next_.get();
      if (!part) return part.error();
      part_ = std::move(*part);
      part_offset_ = next_offset_;
      if (part_offset_ + part_.size() < size_bytes_ && part_bytes_ > first_part_bytes)
        ask_ahead(part_offset_ + part_.size());
      part_bytes_ = std::min(part_bytes_ * 2, most_part_bytes);
    }
    return std::span<const std::byte>(part_).subspan(static_cast<std::size_t>(offset - part_offset_));
  }

  void ask_ahead(std::uint64_t offset) const {
    const std::size_t length = static_cast<std::size_t>(std::min<std::uint64_t>(part_bytes_, size_bytes_ - offset));
    auto promise = std::make_shared<std::promise<Result<Part>>>();
    next_ = promise->get_future();
    next_offset_ = offset;
    queue_.add([this, promise, offset, length] { promise->set_value(read_now(offset, length)); }, 0);
  }

  SshHost& host_;
  SshQueue& queue_;
  const std::string path_;
  mutable OpenFile file_;  // on the queue's thread
  const std::uint64_t size_bytes_;
  mutable std::mutex mutex_;  // of all below
  mutable std::uint64_t expected_ = 0;
  mutable std::size_t part_bytes_ = first_part_bytes;
  mutable Part part_;
  mutable std::uint64_t part_offset_ = 0;
  mutable std::future<Result<Part>> next_;
  mutable std::uint64_t next_offset_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_ssh_file(SshHost& host, SshQueue& queue, const std::string& path) {
  auto file = on_thread<OpenFile>(queue, [&] { return open_now(host, path); });
  if (!file) return file.error();
  return std::unique_ptr<ByteSource>(std::make_unique<SshFile>(host, queue, path, std::move(*file)));
}

Result<std::string> real_ssh_path(SshHost& host, SshQueue& queue, const std::string& path) {
  return on_thread<std::string>(queue, [&]() -> Result<std::string> {
    const auto engine = host.sftp();
    if (!engine) return engine.error();
    const auto found = look_up(host, **engine, path);
    if (!found) return found.error();
    return found->real;
  });
}

}  // namespace cbtctl::storage
