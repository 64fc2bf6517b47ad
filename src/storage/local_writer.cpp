// Every path is walked part by part without following a link, and the last part is handled relative to the folder so
// found: what lies there cannot be exchanged for something outside in between. Everything lasts by one sync of each
// file system that was touched; where that call would not tell of a failed write, by one of every file and folder.
// Every call on the file system is made while a SlowPaths::Wait stands, but for reads, which the source tells.
#include "storage/writer.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <map>
#include <utility>
#include <vector>

#include "formats/core/path.h"
#include "formats/core/sha256.h"
#include "formats/vmware/names.h"
#include "storage/local_file.h"
#include "storage/slow_paths.h"

namespace cbtctl::storage {
namespace {

using formats::core::file_name;
using formats::core::is_inside;
using formats::core::parent_of;

constexpr std::uint64_t most_small_bytes = 64 * 1024 * 1024;
constexpr unsigned no_replace = 1;  // RENAME_NOREPLACE

Error already_exists(const std::string& path) { return {ErrorKind::usage, path + ": exists already"}; }

Status done(int result, const std::string& path) {
  if (result == 0) return formats::core::success();
  return errno == EEXIST ? already_exists(path) : error_of(errno).in(path);
}

std::string name_of(const std::string& path) { return std::string(file_name(path)); }

// The owner before the mode, since a new owner clears parts of the mode.
Status be_like(const Descriptor& file, const struct stat& model) {
  struct stat now {};
  if (::fstat(file.get(), &now) != 0) return error_of(errno);
  if ((now.st_uid != model.st_uid || now.st_gid != model.st_gid) &&
      ::fchown(file.get(), model.st_uid, model.st_gid) != 0) {
    return Error{ErrorKind::denied,
                 "its owner " + std::to_string(model.st_uid) + ":" + std::to_string(model.st_gid) + " cannot be kept"};
  }
  if (::fchmod(file.get(), model.st_mode & 07777) != 0) return error_of(errno);
  return formats::core::success();
}

// Before Linux 5.8 syncfs kept a failed write to itself.
bool syncfs_tells_errors() {
  utsname system{};
  unsigned major = 0;
  unsigned minor = 0;
  constexpr unsigned first_major = 5;
  constexpr unsigned first_minor = 8;
  // NOLINTNEXTLINE(cert-err34-c): a number that cannot be one makes it an old system
  return ::uname(&system) == 0 && std::sscanf(system.release, "%u.%u", &major, &minor) == 2 &&
         (major > first_major || (major == first_major && minor >= first_minor));
}

class LocalWriter final : public Writer {
 public:
  LocalWriter(Descriptor root, std::string root_path)
      : root_(std::move(root)),
        root_path_(std::move(root_path)),
        holds_volumes_(root_path_ == formats::vmware::volumes_root) {}

  Result<FileStatus> status(const std::string& path) override {
    const SlowPaths::Wait wait(root_path_, path);
    auto found = stat_of(path);
    if (!found) return found.error();
    if (S_ISREG(found->st_mode)) stat_open(path, *found);
    return status_of(*found);
  }

  Result<std::string> read(const std::string& path) override {
    const auto source = open(path);
    if (!source) return source.error();
    if ((*source)->size_bytes() > most_small_bytes) return Error{ErrorKind::malformed, path + ": is too long"};
    const auto bytes = formats::core::read_exact(**source, 0, (*source)->size_bytes());
    if (!bytes) return bytes.error().in(path);
    return formats::core::text_of(*bytes);
  }

  Result<std::string> digest(const std::string& path) override {
    const auto source = open(path);
    if (!source) return source.error();
    auto digest = formats::core::sha256(**source);
    if (!digest) return digest.error().in(path);
    return digest;
  }

  Result<std::string> head(const std::string& path) override {
    const auto source = open(path);
    if (!source) return source.error();
    const std::uint64_t length = std::min<std::uint64_t>((*source)->size_bytes(), head_bytes);
    const auto bytes = formats::core::read_exact(**source, 0, length);
    if (!bytes) return bytes.error().in(path);
    return formats::core::text_of(*bytes);
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    const SlowPaths::Wait wait(root_path_, path);
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
    const SlowPaths::Wait wait(root_path_, path);
    auto folder = folder_of(path);
    if (!folder) return folder.error();
    const Status made = done(::mkdirat(folder->get(), name_of(path).c_str(), 0700), path);
    if (made) touch(std::move(*folder), path);
    return made;
  }

  Status create(const std::string& path, std::string_view bytes, const std::string& like) override {
    const SlowPaths::Wait wait(root_path_, path);
    struct stat model {};
    if (!like.empty()) {
      const auto found = stat_of(like);
      if (!found) return found.error();
      model = *found;
    }
    auto folder = folder_of(path);
    if (!folder) return folder.error();
    Descriptor file(
        ::openat(folder->get(), name_of(path).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.is_open()) return done(-1, path);
    Status written = like.empty() ? formats::core::success() : be_like(file, model);
    if (written) written = write_fully(file, std::as_bytes(std::span(bytes)));
    if (!written) {
      ::unlinkat(folder->get(), name_of(path).c_str(), 0);
      return written.error().in(path);
    }
    written_.push_back({std::move(file), path});
    touch(std::move(*folder), path);
    return written;
  }

  Status keep(const std::string& path, const std::string& as) override {
    const auto linked = link(path, as);
    if (!linked) return linked.error();
    if (*linked) return formats::core::success();
    const auto bytes = read(path);
    if (!bytes) return bytes.error();
    const std::string copy = as + ".new";
    static_cast<void>(remove_file(copy));
    if (const Status copied = create(copy, *bytes, path); !copied) return copied;
    return move(copy, as);
  }

  Status replace(const std::string& from, const std::string& over) override {
    const SlowPaths::Wait wait(root_path_, over);
    const auto found = stat_of(over);
    if (!found) return found.error();
    if (!S_ISREG(found->st_mode)) return Error{ErrorKind::outside, over + ": is not a regular file"};
    auto source = folder_of(from);
    if (!source) return source.error();
    auto target = folder_of(over);
    if (!target) return target.error();
    const Status renamed =
        done(::renameat(source->get(), name_of(from).c_str(), target->get(), name_of(over).c_str()), over);
    if (renamed) touch_both(std::move(*source), from, std::move(*target), over);
    return renamed;
  }

  Status move(const std::string& from, const std::string& to) override {
    const SlowPaths::Wait wait(root_path_, from);
    auto source = folder_of(from);
    if (!source) return source.error();
    auto target = folder_of(to);
    if (!target) return target.error();
    long result =
        ::syscall(SYS_renameat2, source->get(), name_of(from).c_str(), target->get(), name_of(to).c_str(), no_replace);
    if (result != 0 && (errno == ENOSYS || errno == EINVAL)) {  // an old kernel, or a file system that cannot
      if (stat_of(to)) return already_exists(to);
      result = ::renameat(source->get(), name_of(from).c_str(), target->get(), name_of(to).c_str());
    }
    const Status moved = done(static_cast<int>(result), errno == EEXIST ? to : from);
    if (moved) touch_both(std::move(*source), from, std::move(*target), to);
    return moved;
  }

  Status sync() override {
    const auto files = std::exchange(written_, {});
    const auto devices = std::exchange(touched_, {});
    static const bool one_call = syncfs_tells_errors();
    bool whole = true;
    for (const auto& [device, folders] : devices) {
      const bool alone = files.empty() && folders.size() == 1;
      if (one_call && !alone && sync_all(folders.begin()->second)) continue;
      whole = whole && (!one_call || alone || errno == ENOSYS) && sync_each(files, folders);
    }
    return whole ? formats::core::success() : Status(error_of(errno));
  }

  Status remove_file(const std::string& path) override { return remove(path, 0); }
  Status remove_empty_folder(const std::string& path) override { return remove(path, AT_REMOVEDIR); }

 private:
  struct Opened {
    Descriptor descriptor;
    std::string path;
  };
  using Folders = std::map<ino_t, Opened>;

  // Of the whole file system.
  [[nodiscard]] bool sync_all(const Opened& folder) const {
    const SlowPaths::Wait wait(root_path_, folder.path);
    return ::syncfs(folder.descriptor.get()) == 0;
  }
  [[nodiscard]] bool sync_one(const Opened& each) const {
    const SlowPaths::Wait wait(root_path_, each.path);
    return ::fsync(each.descriptor.get()) == 0 || errno == EINVAL;
  }
  [[nodiscard]] bool sync_each(const std::vector<Opened>& files, const Folders& folders) const {
    return std::all_of(files.begin(), files.end(), [this](const Opened& file) { return sync_one(file); }) &&
           std::all_of(folders.begin(), folders.end(), [this](const auto& each) { return sync_one(each.second); });
  }

  // False: the file system cannot.
  Result<bool> link(const std::string& path, const std::string& as) {
    const SlowPaths::Wait wait(root_path_, path);
    const auto from = folder_of(path);
    if (!from) return from.error();
    auto to = folder_of(as);
    if (!to) return to.error();
    const auto found = stat_of(path);
    if (!found) return found.error();
    if (!S_ISREG(found->st_mode)) return Error{ErrorKind::outside, path + ": is not a regular file"};
    if (::linkat(from->get(), name_of(path).c_str(), to->get(), name_of(as).c_str(), 0) != 0) {
      if (errno == EEXIST) return already_exists(as);
      return false;
    }
    touch(std::move(*to), as);
    return true;
  }

  Status remove(const std::string& path, int flags) {
    const SlowPaths::Wait wait(root_path_, path);
    auto folder = folder_of(path);
    if (!folder) return folder.error();
    const Status removed = done(::unlinkat(folder->get(), name_of(path).c_str(), flags), path);
    if (removed) touch(std::move(*folder), path);
    return removed;
  }

  // The folder of what `path` names.
  void touch(Descriptor folder, const std::string& path) {
    struct stat found {};
    if (::fstat(folder.get(), &found) != 0) return;
    touched_[found.st_dev].try_emplace(found.st_ino, Opened{std::move(folder), std::string(parent_of(path))});
  }
  void touch_both(Descriptor source, const std::string& from, Descriptor target, const std::string& to) {
    touch(std::move(source), from);
    touch(std::move(target), to);
  }

  Result<struct stat> stat_of(const std::string& path) {
    const auto folder = folder_of(path);
    if (!folder) return folder.error();
    struct stat found {};
    if (::fstatat(folder->get(), name_of(path).c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0)
      return error_of(errno).in(path);
    return found;
  }

  // Of the open file, where it can be opened: an NFS client may answer a path from its cache, and asks its server when
  // a file is opened.
  void stat_open(const std::string& path, struct stat& found) {
    const auto folder = folder_of(path);
    if (!folder) return;
    const Descriptor file(
        ::openat(folder->get(), name_of(path).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat now {};
    if (file.is_open() && ::fstat(file.get(), &now) == 0 && S_ISREG(now.st_mode)) found = now;
  }

  // Below /vmfs/volumes a volume's name is a link to the folder beside it that bears its UUID.
  [[nodiscard]] std::string volume_of(const std::string& name) const {
    std::array<char, 256> target{};
    const ssize_t length = ::readlinkat(root_.get(), name.c_str(), target.data(), target.size() - 1);
    if (length <= 0) return name;
    const std::string volume(
        formats::vmware::volume_of_link(std::string_view(target.data(), static_cast<std::size_t>(length))));
    return volume.find('/') == std::string::npos && volume != ".." ? volume : name;
  }

  Result<Descriptor> open_folder(const std::string& path) {
    if (!is_inside(path)) return Error{ErrorKind::outside, path + ": leads out of the target"};
    Descriptor folder(::openat(root_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::string_view rest = path;
    for (bool first = true; folder.is_open() && !rest.empty(); first = false) {
      const std::size_t end = rest.find('/');
      std::string part(rest.substr(0, end));
      if (first && holds_volumes_) part = volume_of(part);
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
      folder = Descriptor(::openat(folder.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    }
    if (!folder.is_open()) return error_of(errno).in(path);
    return folder;
  }

  Result<std::unique_ptr<ByteSource>> open(const std::string& path) {
    const SlowPaths::Wait wait(root_path_, path);
    const auto folder = folder_of(path);
    if (!folder) return folder.error();
    Descriptor file(::openat(folder->get(), name_of(path).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file.is_open()) return error_of(errno).in(path);
    auto source = open_source(std::move(file), formats::core::join(root_path_, path));
    if (!source) return source.error().in(path);
    return source;
  }

  Result<Descriptor> folder_of(const std::string& path) { return open_folder(std::string(parent_of(path))); }

  const Descriptor root_;
  const std::string root_path_;
  const bool holds_volumes_;
  std::map<dev_t, Folders> touched_;  // since the last sync
  std::vector<Opened> written_;
};

}  // namespace

Result<std::unique_ptr<Writer>> open_local_writer(const std::string& root) {
  const SlowPaths::Wait wait(root);
  Descriptor folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return error_of(errno).in(root);
  return std::unique_ptr<Writer>(std::make_unique<LocalWriter>(std::move(folder), root));
}

}  // namespace cbtctl::storage
