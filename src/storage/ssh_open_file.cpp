#include "storage/ssh_open_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "formats/core/path.h"
#include "storage/local_file.h"

namespace cbtctl::storage {
namespace {

using formats::core::ByteRange;
using formats::core::is_inside;
using formats::core::success;

constexpr std::size_t piece_bytes = 64 * 1024;  // what OpenSSH 5 to 9 give at once

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

// Until `is_done`, else until all is answered. What ends the connection is the host's failure from then on.
Status run_channel(SshHost& host, SshSftp& channel, const std::function<bool()>& is_done = {}) {
  const Status ran = channel.run(is_done);
  if (!ran) host.fail(ran.error());
  return ran ? success() : Status(*host.failure());
}

Result<SshFound> look_up(SshHost& host, SshSftpEngine& engine, const std::string& path) {
  if (!is_inside(path)) return Error{ErrorKind::outside, "leads out of the target"};
  const std::string absolute = engine.real_root() + "/" + path;
  SshFound found;
  Answers answers;
  engine.sftp().ask([&](std::uint32_t id) { return sftp::real_path(id, absolute); },
                    answers.expect<sftp::Names>([&](const sftp::Names& names) {
                      if (!names.names.empty()) found.real = names.names.front().name;
                    }));
  engine.sftp().ask([&](std::uint32_t id) { return sftp::stat(id, absolute); },
                    answers.expect<sftp::Attributes>([&](const auto& told) { found.status = status_of(told); }));
  const Status ran = run_channel(host, engine.sftp());
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

}  // namespace

Result<SshFound> find_now(SshHost& host, const std::string& path) {
  const auto engine = host.sftp();
  if (!engine) return engine.error();
  return look_up(host, **engine, path);
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
  const Status ran = run_channel(host, channel);
  if (!ran) return ran.error();
  if (!answers.error()) return file;
  return answers.is_failure() && file.handle.empty() ? error_of(EBUSY) : *answers.error();
}

// All its pieces travel together; one that comes short is asked for again from there on.
class SshReads::UnderWay {
 public:
  UnderWay(SshSftp& channel, const std::string& handle, SshRead read)
      : channel_(channel), handle_(handle), read_(std::move(read)) {
    std::span<std::byte> out = read_.out;
    for (const ByteRange& range : read_.ranges) {
      const auto length = static_cast<std::size_t>(range.length_bytes);
      ask(range.offset_bytes, out.first(length));
      out = out.subspan(length);
    }
  }

  [[nodiscard]] bool is_over() const { return pieces_ == 0; }
  // `error`: of the connection.
  void tell(const Error* error) const {
    read_.done(error != nullptr ? Status(*error) : error_ ? Status(*error_) : success());
  }

 private:
  void ask(std::uint64_t offset, std::span<std::byte> out) {
    for (std::size_t at = 0; at < out.size(); at += piece_bytes)
      ask_piece(offset + at, out.subspan(at, std::min(piece_bytes, out.size() - at)));
  }

  void ask_piece(std::uint64_t offset, std::span<std::byte> out) {
    ++pieces_;
    channel_.ask(
        [&](std::uint32_t id) { return sftp::read(id, handle_, offset, static_cast<std::uint32_t>(out.size())); },
        [this, offset, out](const sftp::Answer& answer) { take(answer, offset, out); }, out.size(), out);
  }

  void take(const sftp::Answer& answer, std::uint64_t offset, std::span<std::byte> out) {
    --pieces_;
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
    const auto bytes = std::as_bytes(std::span(data->bytes)).first(count);
    if (bytes.data() != out.data()) std::copy(bytes.begin(), bytes.end(), out.begin());
    if (count < out.size()) ask_piece(offset + count, out.subspan(count));
  }

  SshSftp& channel_;
  const std::string& handle_;
  SshRead read_;
  std::size_t pieces_ = 0;  // not answered yet
  std::optional<Error> error_;
};

SshReads::SshReads(SshHost& host, const std::string& path, OpenFile& file) : host_(host), path_(path), file_(file) {}
SshReads::~SshReads() { run(); }

Status SshReads::reach() {
  const auto engine = host_.sftp();
  if (!engine) return engine.error();
  channel_ = &(*engine)->sftp();
  if (host_.sftp_generation() == file_.generation) return success();
  auto again = open_now(host_, path_);
  if (!again) return again.error();
  if (again->size_bytes != file_.size_bytes) {
    close_now(host_, *again);
    return Error{ErrorKind::changed, "has another size than it had"};
  }
  file_ = std::move(*again);
  return success();
}

void SshReads::begin(SshRead read) {
  const Status reached = reach();
  if (!reached) return read.done(reached);
  under_way_.push_back(std::make_unique<UnderWay>(*channel_, file_.handle, std::move(read)));
}

void SshReads::run(const std::function<bool()>& is_done) {
  if (under_way_.empty()) return;
  const Status ran = run_channel(host_, *channel_, [&] {
    end(nullptr);
    return is_done && is_done();
  });
  end(ran ? nullptr : &ran.error());
}

// Tells of those that are over; of all, where there is an error.
void SshReads::end(const Error* error) {
  std::erase_if(under_way_, [&](const auto& read) {
    const bool ends = error != nullptr || read->is_over();
    if (ends) read->tell(error);
    return ends;
  });
}

void close_now(SshHost& host, const OpenFile& file) {
  if (host.failure() || host.sftp_generation() != file.generation) return;
  const auto engine = host.sftp();
  if (!engine) return;
  (*engine)->sftp().ask([&](std::uint32_t id) { return sftp::close(id, file.handle); }, [](const auto&) {});
  [[maybe_unused]] const Status ran = run_channel(host, (*engine)->sftp());
}

}  // namespace cbtctl::storage
