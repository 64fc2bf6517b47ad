// Every request is a handful of system calls and no more: a listing is openat, getdents64 until it is empty, close; a
// first read is openat, pread, close (and fstat where the status is asked for). A listing reads what it is to glance at
// by single names from the open folder, which costs the kernel far less than a path. Links are followed by openat2 with
// RESOLVE_BENEATH where the kernel has it; elsewhere every part of the path is opened by itself and no link followed.
#include "storage/local_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "formats/core/path.h"
#include "storage/local_file.h"
#include "storage/slow_paths.h"
#include "storage/worker_pool.h"

namespace cbtctl::storage {
namespace {

using formats::core::is_inside;
using formats::core::Status;

constexpr std::size_t listing_bytes = 64 * 1024;
constexpr std::size_t most_glimpses = 64;  // of a folder, on the one worker that lists it; what is left is asked for
constexpr std::size_t most_expected = 8;   // files that a worker has open to have the disk fetch them together
constexpr std::size_t most_descriptors = 512;  // that the workers of one place have so

EntryType type_of_listing(unsigned char type) {
  switch (type) {
    case DT_REG:
      return EntryType::file;
    case DT_DIR:
      return EntryType::folder;
    case DT_LNK:
      return EntryType::link;
    default:
      return EntryType::other;
  }
}

std::optional<std::uint64_t> size_in(const Descriptor& folder, const std::string& name) {
  struct stat found {};
  if (::fstatat(folder.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  const FileStatus status = status_of(found);
  if (status.type != EntryType::file) return std::nullopt;
  return status.size_bytes;
}

Result<Descriptor> opened(int number) {
  if (number < 0) return error_of(errno);
  return Descriptor(number);
}

Error not_a_file() { return {ErrorKind::malformed, "is not a regular file"}; }

class LocalReader final : public Reader {
 public:
  LocalReader(Descriptor root, std::string path, unsigned workers)
      : root_(std::move(root)),
        path_(std::move(path)),
        expected_(workers > 1 ? std::clamp<std::size_t>(most_descriptors / workers, 1, most_expected) : 1),
        pool_(workers, [this](Submission& submission) {
          const SlowPaths::Wait wait(path_, path_of(submission.request));
          return Reply{submission.tag,
                       std::visit([this](const auto& request) { return answer(request); }, submission.request)};
        }) {}

  void submit(std::vector<Submission> submissions) override { pool_.submit(std::move(submissions)); }
  std::vector<Reply> collect() override { return pool_.collect(); }
  Result<std::unique_ptr<ByteSource>> open(const std::string& path) override {
    const SlowPaths::Wait wait(path_, path);
    auto file = open_beneath(path, 0);
    if (!file) return file.error();
    return open_source(std::move(*file), formats::core::join(path_, path));
  }

 private:
  Result<Answer> answer(const ListRequest& request) const;
  Result<Answer> answer(const FetchRequest& request) const;
  Result<Answer> answer(const StatusRequest& request) const;
  // Of a listing; a closed file is empty.
  struct Glanced {
    std::size_t entry = 0;
    FetchRequest request;
    Descriptor file;
  };
  static Result<Fetched> fetch(const Descriptor& file, const FetchRequest& request);
  void glance(const Descriptor& folder, Chooser wanted, Listing& listing) const;
  static void add_glimpse(const Glanced& glanced, Listing& listing);
  Result<Descriptor> open_beneath(const std::string& path, int more_flags) const;
  Result<Descriptor> open_by_parts(const std::string& path, int flags) const;
  template <typename Open>
  int open_quietly(const Open& open) const;
  Status add_entries(const Descriptor& folder, std::span<const char> records, Listing& listing) const;

  Descriptor root_;
  const std::string path_;
  std::size_t expected_;
  mutable std::atomic<bool> has_openat2_{true};
  mutable std::atomic<bool> may_leave_access_times_{true};
  WorkerPool pool_;  // last: its threads use the others
};

// Opens by open(O_NOATIME), so that reading leaves access times alone. Only a file's owner may ask for that: where the
// first file refuses it, it is not asked again.
template <typename Open>
int LocalReader::open_quietly(const Open& open) const {
  if (may_leave_access_times_) {
    const int number = open(O_NOATIME);
    if (number >= 0 || errno != EPERM) return number;
    const int loudly = open(0);
    if (loudly >= 0) may_leave_access_times_ = false;
    return loudly;
  }
  return open(0);
}

// O_NONBLOCK: a FIFO or a device by a file's name must not hold a worker.
Result<Descriptor> LocalReader::open_beneath(const std::string& path, int more_flags) const {
  if (!is_inside(path)) return Error{ErrorKind::outside, "leads out of the target"};
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | more_flags;
  const char* name = path.empty() ? "." : path.c_str();
  if ((more_flags & O_NOFOLLOW) != 0 && path.find('/') == std::string::npos) {  // leads nowhere else by itself
    return opened(open_quietly([&](int quiet) { return ::openat(root_.get(), name, flags | quiet); }));
  }
  if (has_openat2_) {
    const int number = open_quietly([&](int quiet) {
      open_how how{};
      how.flags = static_cast<decltype(how.flags)>(flags | quiet);
      how.resolve = RESOLVE_BENEATH;
      return static_cast<int>(::syscall(SYS_openat2, root_.get(), name, &how, sizeof how));
    });
    if (number >= 0 || (errno != ENOSYS && errno != EPERM)) return opened(number);
    has_openat2_ = false;
  }
  return open_by_parts(path, flags);
}

Result<Descriptor> LocalReader::open_by_parts(const std::string& path, int flags) const {
  Descriptor folder(::openat(root_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::string_view rest = path;
  while (folder.is_open() && !rest.empty()) {
    const std::size_t end = rest.find('/');
    const std::string part(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const int part_flags = rest.empty() ? flags : O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    folder = Descriptor(
        open_quietly([&](int quiet) { return ::openat(folder.get(), part.c_str(), part_flags | O_NOFOLLOW | quiet); }));
  }
  return opened(folder.release());
}

Result<Answer> LocalReader::answer(const ListRequest& request) const {
  const auto folder = open_beneath(request.folder, O_DIRECTORY | O_NOFOLLOW);
  if (!folder) return folder.error();
  Listing listing;
  alignas(8) thread_local std::array<char, listing_bytes> buffer;
  for (;;) {
    const long count = ::syscall(SYS_getdents64, folder->get(), buffer.data(), buffer.size());
    if (count < 0) return error_of(errno);
    if (count == 0) break;
    const Status added = add_entries(*folder, {buffer.data(), static_cast<std::size_t>(count)}, listing);
    if (!added) return added.error();
  }
  listing.sort();
  if (request.glance != nullptr) glance(*folder, request.glance, listing);
  return listing;
}

// From a disk a few files are fetched together: all are open, and the kernel told, before the first is read. One worker
// alone has one read under way.
void LocalReader::glance(const Descriptor& folder, Chooser wanted, Listing& listing) const {
  const std::size_t together = pool_.reads_from_disk() ? expected_ : 1;
  listing.glimpses.reserve(std::min(listing.entries.size(), most_glimpses));
  std::vector<Glanced> due;
  due.reserve(together);
  const auto take = [&] {
    for (Glanced& glanced : due) add_glimpse(glanced, listing);
    due.clear();
  };
  for (std::size_t i = 0; i < listing.entries.size() && listing.glimpses.size() + due.size() < most_glimpses; ++i) {
    Entry& entry = listing.entries[i];
    if (entry.type != EntryType::file) continue;
    auto request = wanted(entry.name);
    if (!request) continue;
    if (request->most_bytes == 0 || request->often_empty) {
      entry.size_bytes = size_in(folder, entry.name);
      const bool is_empty = request->often_empty && entry.size_bytes == 0U;
      if (is_empty) due.push_back({i, std::move(*request), {}});
      if (is_empty || request->most_bytes == 0 || entry.size_bytes.value_or(0) == 0) continue;
    }
    constexpr int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW;
    Descriptor file(open_quietly([&](int quiet) { return ::openat(folder.get(), entry.name.c_str(), flags | quiet); }));
    if (!file.is_open()) continue;
    if (together > 1) ::posix_fadvise(file.get(), 0, static_cast<off_t>(request->most_bytes + 1), POSIX_FADV_WILLNEED);
    due.push_back({i, std::move(*request), std::move(file)});
    if (due.size() >= together) take();
  }
  take();
}

void LocalReader::add_glimpse(const Glanced& glanced, Listing& listing) {
  if (!glanced.file.is_open()) return listing.glimpses.push_back({glanced.entry, nothing_of(glanced.request)});
  auto fetched = fetch(glanced.file, glanced.request);
  if (!fetched || (glanced.request.decoder != nullptr && !fetched->decoded.has_value())) return;
  listing.glimpses.push_back({glanced.entry, std::move(*fetched)});
}

// struct linux_dirent64: u64 inode, s64 offset, u16 record length, u8 type, the name with a zero.
Status LocalReader::add_entries(const Descriptor& folder, std::span<const char> records, Listing& listing) const {
  constexpr std::size_t length_at = 16;
  constexpr std::size_t type_at = 18;
  constexpr std::size_t name_at = 19;
  constexpr std::size_t usual_record_bytes = 32;
  if (listing.entries.empty()) listing.entries.reserve(records.size() / usual_record_bytes);  // it grows by itself then
  while (records.size() > name_at) {
    std::uint16_t length = 0;
    std::memcpy(&length, records.data() + length_at, sizeof length);
    Entry entry{.name = records.data() + name_at, .link_target = {}};
    const auto type = static_cast<unsigned char>(records[type_at]);
    records = records.subspan(length);
    if (entry.name == "." || entry.name == "..") continue;
    entry.type = type_of_listing(type);
    struct stat found {};
    if (type == DT_UNKNOWN && ::fstatat(folder.get(), entry.name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) {
      entry.type = status_of(found).type;
    }
    if (entry.type == EntryType::link) {
      std::array<char, 4096> target{};
      const ssize_t size = ::readlinkat(folder.get(), entry.name.c_str(), target.data(), target.size());
      if (size > 0) entry.link_target.assign(target.data(), static_cast<std::size_t>(size));
    }
    listing.entries.push_back(std::move(entry));
  }
  return formats::core::success();
}

Result<Answer> LocalReader::answer(const FetchRequest& request) const {
  const auto file = open_beneath(request.path, 0);
  if (!file) return file.error();
  auto fetched = fetch(*file, request);
  if (!fetched) return fetched.error();
  return std::move(*fetched);
}

Result<Fetched> LocalReader::fetch(const Descriptor& file, const FetchRequest& request) {
  Fetched fetched;
  if (request.with_status || request.tail_bytes > 0) {
    struct stat found {};
    if (::fstat(file.get(), &found) != 0) return error_of(errno);
    if (!S_ISREG(found.st_mode)) return not_a_file();
    fetched.status = status_of(found);
  }
  // One byte more than asked for tells whether there is more, without another call. The buffer is the thread's own:
  // most files are far shorter than what is asked for.
  thread_local std::vector<std::byte> buffer;
  if (buffer.size() < request.most_bytes + 1) buffer.resize(request.most_bytes + 1);
  const auto count = read_fully(file, 0, {buffer.data(), request.most_bytes + 1});
  if (!count) return count.error();
  fetched.whole = *count <= request.most_bytes;
  const auto kept = static_cast<std::ptrdiff_t>(std::min(*count, request.most_bytes));
  fetched.bytes.assign(buffer.begin(), buffer.begin() + kept);
  if (!fetched.whole && request.tail_bytes > 0) {
    const std::uint64_t end = fetched.status->size_bytes;
    fetched.tail.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(end - request.most_bytes, request.tail_bytes)));
    const auto read = read_fully(file, end - fetched.tail.size(), fetched.tail);
    if (!read) return read.error();
    fetched.tail.resize(*read);
  }
  fetched.decode(request);
  return fetched;
}

Result<Answer> LocalReader::answer(const StatusRequest& request) const {
  if (!is_inside(request.path)) return Error{ErrorKind::outside, "leads out of the target"};
  struct stat found {};
  const char* name = request.path.empty() ? "." : request.path.c_str();
  if (::fstatat(root_.get(), name, &found, AT_SYMLINK_NOFOLLOW) != 0) return error_of(errno);
  return status_of(found);
}

}  // namespace

Result<std::unique_ptr<Reader>> open_local(const std::string& root, unsigned workers) {
  const SlowPaths::Wait wait(root);
  Descriptor folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return error_of(errno).in(root);
  return std::unique_ptr<Reader>(std::make_unique<LocalReader>(std::move(folder), root, workers));
}

}  // namespace cbtctl::storage
