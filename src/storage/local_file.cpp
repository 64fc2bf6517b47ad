#include "storage/local_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "storage/local_reader.h"
#include "storage/slow_paths.h"

namespace cbtctl::storage {
namespace {

using formats::core::ByteRange;

EntryType type_of(mode_t mode) {
  if (S_ISREG(mode)) return EntryType::file;
  if (S_ISDIR(mode)) return EntryType::folder;
  if (S_ISLNK(mode)) return EntryType::link;
  return EntryType::other;
}

class LocalFile final : public ByteSource {
 public:
  LocalFile(Descriptor file, std::string path, std::uint64_t size_bytes, std::optional<std::uint64_t> allocated_bytes)
      : file_(std::move(file)), path_(std::move(path)), size_bytes_(size_bytes), allocated_bytes_(allocated_bytes) {}

  [[nodiscard]] std::uint64_t size_bytes() const override { return size_bytes_; }
  [[nodiscard]] std::optional<std::uint64_t> allocated_bytes() const override { return allocated_bytes_; }
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    if (offset_bytes >= size_bytes_) return std::size_t{0};
    const std::uint64_t left = size_bytes_ - offset_bytes;
    const SlowPaths::Wait wait(path_);
    return read_fully(file_, offset_bytes,
                      out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left))));
  }

  // A file system without holes answers that all is data.
  [[nodiscard]] Result<ByteRange> next_data(std::uint64_t offset_bytes) const override {
    if (offset_bytes >= size_bytes_) return ByteRange{size_bytes_, 0};
    const ByteRange all_left{offset_bytes, size_bytes_ - offset_bytes};
    const SlowPaths::Wait wait(path_);
    const off_t begin = ::lseek(file_.get(), static_cast<off_t>(offset_bytes), SEEK_DATA);
    if (begin < 0) return errno == ENXIO ? ByteRange{size_bytes_, 0} : all_left;
    const off_t end = ::lseek(file_.get(), begin, SEEK_HOLE);
    if (end < 0) return all_left;
    const auto first = static_cast<std::uint64_t>(begin);
    return ByteRange{first, std::min(static_cast<std::uint64_t>(end), size_bytes_) - first};
  }

 private:
  Descriptor file_;
  const std::string path_;
  std::uint64_t size_bytes_;
  std::optional<std::uint64_t> allocated_bytes_;
};

}  // namespace

Descriptor::~Descriptor() {
  if (is_open()) ::close(number_);
}

Error error_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return {ErrorKind::missing, "is not there"};
    case EACCES:
    case EPERM:
      return {ErrorKind::denied, "permission denied"};
    case EBUSY:
    case EINVAL:
    case ETXTBSY:
      return {ErrorKind::in_use, "is in use"};
    case EXDEV:
    case ELOOP:
      return {ErrorKind::outside, "is a link that leads out of the target"};
    case EISDIR:
    case ENXIO:
    case EAGAIN:
    case ESPIPE:
      return {ErrorKind::malformed, "is not a regular file"};
    default:
      return {ErrorKind::unavailable, std::generic_category().message(number)};
  }
}

FileStatus status_of(const struct stat& found) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  return {.type = type_of(found.st_mode),
          .size_bytes = static_cast<std::uint64_t>(found.st_size),
          .allocated_bytes = static_cast<std::uint64_t>(found.st_blocks) * 512,
          .modified_ns = found.st_mtim.tv_sec * second_ns + found.st_mtim.tv_nsec,
          .changed_ns = found.st_ctim.tv_sec * second_ns + found.st_ctim.tv_nsec,
          .inode = found.st_ino};
}

Result<std::size_t> read_fully(const Descriptor& file, std::uint64_t offset_bytes, std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t count =
        ::pread(file.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset_bytes + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error_of(errno);
    done += static_cast<std::size_t>(count);
    // Short reads of a regular file are its end: a second call that returns nothing is saved.
    if (count == 0 || done < out.size()) break;
  }
  return done;
}

Status write_fully(const Descriptor& file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error_of(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return formats::core::success();
}

Result<std::unique_ptr<ByteSource>> open_source(Descriptor file, std::string path) {
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return error_of(errno);
  std::uint64_t size = static_cast<std::uint64_t>(found.st_size);
  std::optional<std::uint64_t> allocated = status_of(found).allocated_bytes;
  if (S_ISBLK(found.st_mode)) {
    const off_t end = ::lseek(file.get(), 0, SEEK_END);
    if (end < 0) return error_of(errno);
    size = static_cast<std::uint64_t>(end);
    allocated.reset();
  } else if (!S_ISREG(found.st_mode)) {
    return Error{ErrorKind::malformed, S_ISDIR(found.st_mode) ? "is a folder" : "is not a regular file"};
  }
  return std::unique_ptr<ByteSource>(std::make_unique<LocalFile>(std::move(file), std::move(path), size, allocated));
}

Result<std::unique_ptr<ByteSource>> open_local_file(const std::string& path) {
  const SlowPaths::Wait wait(path);
  constexpr int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  Descriptor file(::open(path.c_str(), flags | O_NOATIME));
  if (!file.is_open() && errno == EPERM) file = Descriptor(::open(path.c_str(), flags));  // another's
  if (!file.is_open()) return error_of(errno);
  return open_source(std::move(file), path);
}

}  // namespace cbtctl::storage
