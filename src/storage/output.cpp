#include "storage/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "storage/local_file.h"
#include "storage/slow_paths.h"

namespace cbtctl::storage {
namespace {

using formats::core::Status;

class LocalOutput final : public Output {
 public:
  LocalOutput(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  ~LocalOutput() override {
    const SlowPaths::Wait wait(path_);
    if (!finished_) ::unlink(path_.c_str());
  }

  [[nodiscard]] Status append(std::span<const std::byte> bytes) override {
    const SlowPaths::Wait wait(path_);
    const Status written = write_fully(file_, bytes);
    return written ? written : Status(written.error().in(path_));
  }

  [[nodiscard]] Status skip(std::uint64_t length_bytes) override {
    const SlowPaths::Wait wait(path_);
    const off_t end = ::lseek(file_.get(), static_cast<off_t>(length_bytes), SEEK_CUR);
    // The file's length follows, so that a hole at the end counts.
    if (end < 0 || ::ftruncate(file_.get(), end) != 0) return error_of(errno).in(path_);
    return formats::core::success();
  }

  [[nodiscard]] Status finish() override {
    const SlowPaths::Wait wait(path_);
    if (::fsync(file_.get()) != 0 && errno != EINVAL) return error_of(errno).in(path_);
    finished_ = true;
    return formats::core::success();
  }

 private:
  Descriptor file_;
  std::string path_;
  bool finished_ = false;
};

}  // namespace

formats::core::Result<std::unique_ptr<Output>> create_output(const std::string& path) {
  const SlowPaths::Wait wait(path);
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (file.is_open()) return std::unique_ptr<Output>(std::make_unique<LocalOutput>(std::move(file), path));
  if (errno == EEXIST) return Error{ErrorKind::usage, path + ": exists already, and is not overwritten"};
  return error_of(errno).in(path);
}

}  // namespace cbtctl::storage
