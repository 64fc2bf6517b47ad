#include "storage/partial_output.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>
#include <vector>

#include "storage/local_file.h"
#include "storage/slow_paths.h"

namespace cbtctl::storage {
namespace {

using formats::core::Status;

constexpr std::uint64_t record_bytes = 4096;
constexpr std::string_view record_title = "cbtctl partial file 1\n";

std::string partial_of(const std::string& path) { return path + ".partial"; }

class LocalPartial final : public PartialOutput {
 public:
  LocalPartial(Descriptor file, std::string path, std::uint64_t size_bytes, std::string identity)
      : file_(std::move(file)),
        path_(std::move(path)),
        partial_path_(partial_of(path_)),
        size_bytes_(size_bytes),
        identity_(std::move(identity)) {}
  ~LocalPartial() override {
    const SlowPaths::Wait wait(partial_path_);
    if (!finished_ && !kept_) ::unlink(partial_path_.c_str());
  }

  // The record of an earlier go; nothing where there is none that is whole.
  [[nodiscard]] std::optional<std::uint64_t> recorded() const {
    const SlowPaths::Wait wait(partial_path_);
    std::vector<std::byte> bytes(record_bytes);
    const auto count = read_fully(file_, record_offset(), bytes);
    if (!count || *count != record_bytes) return std::nullopt;
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::string head = record_head();
    std::uint64_t done = 0;
    if (!text.starts_with(head)) return std::nullopt;
    const auto [end, code] = std::from_chars(text.data() + head.size(), text.data() + text.size(), done);
    if (code != std::errc{} || *end != '\n' || done > size_bytes_) return std::nullopt;
    return done;
  }
  void leave() { kept_ = true; }
  void resume_at(std::uint64_t done) { position_ = resumed_ = done; }

  [[nodiscard]] std::uint64_t resumed_bytes() const override { return resumed_; }

  [[nodiscard]] Status read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    const SlowPaths::Wait wait(partial_path_);
    const auto count = read_fully(file_, offset_bytes, out);
    if (!count) return count.error().in(partial_path_);
    if (*count != out.size()) return Error{ErrorKind::changed, partial_path_ + ": ends early"};
    return formats::core::success();
  }

  [[nodiscard]] Status append(std::span<const std::byte> bytes) override {
    const auto written = write_all(position_, bytes);
    if (written) position_ += bytes.size();
    return written;
  }

  [[nodiscard]] Status skip(std::uint64_t length_bytes) override {
    position_ += length_bytes;
    return formats::core::success();
  }

  [[nodiscard]] Status checkpoint() override {
    if (const auto synced = sync(); !synced) return synced;
    std::string record = record_head() + std::to_string(position_) + "\n";
    record.resize(record_bytes, '\0');
    return write_all(record_offset(), std::as_bytes(std::span(record)));
  }

  void keep() override {
    kept_ = true;
    static_cast<void>(checkpoint().has_value());  // without it the next go begins where the last record is
  }

  // The name is taken by a new empty file, which the rename then replaces: no file that came meanwhile is lost.
  [[nodiscard]] Status finish() override {
    const SlowPaths::Wait wait(partial_path_);
    if (::ftruncate(file_.get(), static_cast<off_t>(size_bytes_)) != 0) return error_of(errno).in(partial_path_);
    if (const auto synced = sync(); !synced) return synced;
    const Descriptor name(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!name.is_open()) {
      kept_ = true;
      return errno == EEXIST ? Error{ErrorKind::usage, path_ + ": came while it was written, and is not overwritten; " +
                                                           partial_path_ + " is whole"}
                             : error_of(errno).in(path_);
    }
    if (std::rename(partial_path_.c_str(), path_.c_str()) != 0) return error_of(errno).in(path_);
    finished_ = true;
    return formats::core::success();
  }

 private:
  [[nodiscard]] std::string record_head() const {
    return std::string(record_title) + identity_ + "\n" + std::to_string(size_bytes_) + "\n";
  }
  [[nodiscard]] std::uint64_t record_offset() const { return (size_bytes_ / record_bytes + 1) * record_bytes; }

  [[nodiscard]] Status sync() const {
    const SlowPaths::Wait wait(partial_path_);
    if (::fdatasync(file_.get()) != 0 && errno != EINVAL) return error_of(errno).in(partial_path_);
    return formats::core::success();
  }

  [[nodiscard]] Status write_all(std::uint64_t offset, std::span<const std::byte> bytes) const {
    const SlowPaths::Wait wait(partial_path_);
    while (!bytes.empty()) {
      const ssize_t count = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return error_of(errno).in(partial_path_);
      offset += static_cast<std::uint64_t>(count);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return formats::core::success();
  }

  Descriptor file_;
  const std::string path_;
  const std::string partial_path_;
  std::uint64_t size_bytes_;
  std::string identity_;
  std::uint64_t position_ = 0;
  std::uint64_t resumed_ = 0;
  bool finished_ = false;
  bool kept_ = false;
};

bool is_there(const std::string& path) {
  const SlowPaths::Wait wait(path);
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0;
}

Result<std::unique_ptr<PartialOutput>> resume_partial(Descriptor file, const std::string& path,
                                                      std::uint64_t size_bytes, const std::string& identity) {
  auto output = std::make_unique<LocalPartial>(std::move(file), path, size_bytes, identity);
  const auto done = output->recorded();
  if (!done) {
    output->leave();
    return Error{ErrorKind::usage, path + ".partial: was made of something else, or was not begun; remove it"};
  }
  output->resume_at(*done);
  return std::unique_ptr<PartialOutput>(std::move(output));
}

}  // namespace

Result<std::unique_ptr<PartialOutput>> open_partial(const std::string& path, std::uint64_t size_bytes,
                                                    const std::string& identity, bool resume) {
  if (is_there(path)) return Error{ErrorKind::usage, path + ": exists already, and is not overwritten"};
  const std::string partial = partial_of(path);
  const SlowPaths::Wait wait(partial);
  Descriptor file(::open(partial.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  const bool is_new = file.is_open();
  if (!is_new && errno != EEXIST) return error_of(errno).in(partial);
  if (!is_new && !resume)
    return Error{ErrorKind::usage,
                 partial + ": is there from an export that was interrupted; --resume goes on with it"};
  if (!is_new) file = Descriptor(::open(partial.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) return error_of(errno).in(partial);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return Error{ErrorKind::in_use, partial + ": another process writes it"};
  if (!is_new) return resume_partial(std::move(file), path, size_bytes, identity);
  auto output = std::make_unique<LocalPartial>(std::move(file), path, size_bytes, identity);
  if (const auto recorded = output->checkpoint(); !recorded) return recorded.error();
  return std::unique_ptr<PartialOutput>(std::move(output));
}

namespace {

class Stream final : public PartialOutput {
 public:
  [[nodiscard]] Status append(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return error_of(errno).in("standard output");
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return formats::core::success();
  }

  [[nodiscard]] Status skip(std::uint64_t length_bytes) override {
    static constexpr std::array<std::byte, 65536> zeros{};
    for (std::uint64_t left = length_bytes; left > 0;) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, zeros.size()));
      if (auto written = append(std::span(zeros).first(count)); !written) return written;
      left -= count;
    }
    return formats::core::success();
  }

  [[nodiscard]] Status finish() override { return formats::core::success(); }
  [[nodiscard]] std::uint64_t resumed_bytes() const override { return 0; }
  [[nodiscard]] Status read_at(std::uint64_t, std::span<std::byte>) const override {
    return Error{ErrorKind::unsupported, "standard output cannot be read"};
  }
  [[nodiscard]] Status checkpoint() override { return formats::core::success(); }
  void keep() override {}
};

}  // namespace

std::unique_ptr<PartialOutput> stream_to_standard_output() { return std::make_unique<Stream>(); }

}  // namespace cbtctl::storage
