// Every path is walked part by part without following a link, and the last part is handled relative to the folder so
// found: what lies there cannot be exchanged for something outside in between.
#include "storage/writer.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "storage/local_file.h"
#include "storage/path.h"

namespace cbtctl::storage {
namespace {

constexpr std::uint64_t most_small_bytes = 64 * 1024 * 1024;
constexpr unsigned no_replace = 1;  // RENAME_NOREPLACE

Error exists(const std::string& path) { return {ErrorKind::usage, path + ": exists already"}; }

Status synced(const Descriptor& file) {
  if (::fsync(file.get()) != 0 && errno != EINVAL) return error_of(errno);
  return formats::core::success();
}

class LocalWriter final : public Writer {
 public:
  explicit LocalWriter(Descriptor root) : root_(std::move(root)) {}

  Result<FileStatus> status(const std::string& path) override {
    const auto folder = folder_of(path);
    if (!folder) return folder.error();
    struct stat found {};
    if (::fstatat(folder->get(), name_of(path).c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0)
      return error_of(errno).in(path);
    constexpr std::int64_t second_ns = 1'000'000'000;
    const EntryType type = S_ISREG(found.st_mode)   ? EntryType::file
                           : S_ISDIR(found.st_mode) ? EntryType::folder
                           : S_ISLNK(found.st_mode) ? EntryType::link
                                                    : EntryType::other;
    return FileStatus{.type = type,
                      .size_bytes = static_cast<std::uint64_t>(found.st_size),
                      .allocated_bytes = static_cast<std::uint64_t>(found.st_blocks) * 512,
                      .modified_ns = found.st_mtim.tv_sec * second_ns + found.st_mtim.tv_nsec,
                      .changed_ns = found.st_ctim.tv_sec * second_ns + found.st_ctim.tv_nsec};
  }

  Result<std::string> read(const std::string& path) override {
    const auto source = open(path);
    if (!source) return source.error();
    if ((*source)->size_bytes() > most_small_bytes) return Error{ErrorKind::malformed, path + ": is too long"};
    const auto bytes = formats::core::read_exact(**source, 0, (*source)->size_bytes());
    if (!bytes) return bytes.error().in(path);
    return formats::core::text_of(*bytes);
  }

  Result<std::unique_ptr<ByteSource>> open(const std::string& path) override {
    const auto folder = folder_of(path);
    if (!folder) return folder.error();
    Descriptor file(::openat(folder->get(), name_of(path).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file.is_open()) return error_of(errno).in(path);
    auto source = open_source(std::move(file));
    if (!source) return source.error().in(path);
    return source;
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    auto folder = open_folder(path);
    if (!folder) return folder.error();
    Descriptor again(::openat(folder->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    DIR* stream = again.is_open() ? ::fdopendir(again.get()) : nullptr;
    if (stream == nullptr) return error_of(errno).in(path);
    again.release();  // the stream closes it
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(stream);
    return names;
  }

  Status make_folder(const std::string& path) override {
    const auto folder = folder_of(path);
    if (!folder) return folder.error();
    if (::mkdirat(folder->get(), name_of(path).c_str(), 0700) != 0)
      return errno == EEXIST ? exists(path) : error_of(errno).in(path);
    return synced(*folder);
  }

  Status create(const std::string& path, std::string_view bytes, const std::string& like) override {
    const auto folder = folder_of(path);
    if (!folder) return folder.error();
    struct stat model {};
    model.st_mode = 0600;
    if (!like.empty()) {
      const auto beside = folder_of(like);
      if (!beside) return beside.error();
      if (::fstatat(beside->get(), name_of(like).c_str(), &model, AT_SYMLINK_NOFOLLOW) != 0)
        return error_of(errno).in(like);
    }
    const Status written = write_new(*folder, name_of(path), bytes, model);
    return written                                    ? synced(*folder)
           : written.error().kind == ErrorKind::usage ? Status(exists(path))
                                                      : Status(written.error().in(path));
  }

  Status replace(const std::string& path, std::string_view bytes) override {
    const auto folder = folder_of(path);
    if (!folder) return folder.error();
    const std::string name = name_of(path);
    struct stat before {};
    if (::fstatat(folder->get(), name.c_str(), &before, AT_SYMLINK_NOFOLLOW) != 0) return error_of(errno).in(path);
    if (!S_ISREG(before.st_mode)) return Error{ErrorKind::outside, path + ": is not a regular file"};
    const std::string temporary = name + temporary_suffix();
    ::unlinkat(folder->get(), temporary.c_str(), 0);  // of an earlier run that was stopped here
    if (const Status written = write_new(*folder, temporary, bytes, before); !written) {
      ::unlinkat(folder->get(), temporary.c_str(), 0);
      return written.error().in(path);
    }
    if (::renameat(folder->get(), temporary.c_str(), folder->get(), name.c_str()) != 0) {
      const Error error = error_of(errno).in(path);
      ::unlinkat(folder->get(), temporary.c_str(), 0);
      return error;
    }
    return synced(*folder);
  }

  void remove_leftover(const std::string& path) override {
    if (const auto folder = folder_of(path)) ::unlinkat(folder->get(), (name_of(path) + temporary_suffix()).c_str(), 0);
  }

  Status move(const std::string& from, const std::string& to) override {
    const auto source = folder_of(from);
    if (!source) return source.error();
    const auto target = folder_of(to);
    if (!target) return target.error();
    long result =
        ::syscall(SYS_renameat2, source->get(), name_of(from).c_str(), target->get(), name_of(to).c_str(), no_replace);
    if (result != 0 && (errno == ENOSYS || errno == EINVAL)) {  // an old kernel, or a file system that cannot
      struct stat there {};
      if (::fstatat(target->get(), name_of(to).c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0) return exists(to);
      result = ::renameat(source->get(), name_of(from).c_str(), target->get(), name_of(to).c_str());
    }
    if (result != 0) return errno == EEXIST ? exists(to) : error_of(errno).in(from);
    if (const Status status = synced(*target); !status) return status;
    return synced(*source);
  }

  Status remove_file(const std::string& path) override {
    const auto folder = folder_of(path);
    if (!folder) return folder.error();
    if (::unlinkat(folder->get(), name_of(path).c_str(), 0) != 0) return error_of(errno).in(path);
    return formats::core::success();
  }

  Status remove_empty_folder(const std::string& path) override {
    const auto folder = folder_of(path);
    if (!folder) return folder.error();
    if (::unlinkat(folder->get(), name_of(path).c_str(), AT_REMOVEDIR) != 0) return error_of(errno).in(path);
    return formats::core::success();
  }

 private:
  static std::string name_of(const std::string& path) { return std::string(file_name(path)); }
  static std::string temporary_suffix() { return ".cbtctl-new"; }

  Result<Descriptor> open_folder(const std::string& path) {
    if (!is_inside(path)) return Error{ErrorKind::outside, path + ": leads out of the target"};
    Descriptor folder(::openat(root_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::string_view rest = path;
    while (folder.is_open() && !rest.empty()) {
      const std::size_t end = rest.find('/');
      const std::string part(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
      folder = Descriptor(::openat(folder.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    }
    if (!folder.is_open()) return error_of(errno).in(path);
    return folder;
  }

  Result<Descriptor> folder_of(const std::string& path) { return open_folder(std::string(parent_of(path))); }

  static Status write_new(const Descriptor& folder, const std::string& name, std::string_view bytes,
                          const struct stat& model) {
    Descriptor file(::openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.is_open()) return errno == EEXIST ? Error{ErrorKind::usage, "exists already"} : error_of(errno);
    while (!bytes.empty()) {
      const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return error_of(errno);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    if (model.st_uid != ::geteuid() || model.st_gid != ::getegid()) {
      // Only root may give a file away; another owner of the same group is still better than none.
      if (model.st_ino != 0 && ::fchown(file.get(), model.st_uid, model.st_gid) != 0 && errno != EPERM)
        return error_of(errno);
    }
    if (::fchmod(file.get(), model.st_mode & 07777) != 0) return error_of(errno);
    return synced(file);
  }

  Descriptor root_;
};

}  // namespace

Result<std::unique_ptr<Writer>> open_local_writer(const std::string& root) {
  Descriptor folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return error_of(errno).in(root);
  return std::unique_ptr<Writer>(std::make_unique<LocalWriter>(std::move(folder)));
}

}  // namespace cbtctl::storage
