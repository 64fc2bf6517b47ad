// Two states: what a reader sees now, and what was synced. Each change is kept as a function of a state until the next
// sync, so that a loss of power can do any of them over on what was synced.
#include "tests/support/memory_writer.h"

#include <utility>

#include "formats/core/path.h"
#include "formats/core/sha256.h"

namespace support {
namespace {

using formats::core::file_name;
using formats::core::is_inside;
using formats::core::parent_of;
using storage::EntryType;
using storage::Error;
using storage::ErrorKind;
using storage::FileStatus;
using storage::Result;
using storage::Status;
using storage::Writer;

Error exists(const std::string& path) { return {ErrorKind::usage, path + ": exists already"}; }
Error missing(const std::string& path) { return {ErrorKind::missing, path + ": is not there"}; }

}  // namespace

class MemoryWriter final : public Writer {
 public:
  explicit MemoryWriter(MemoryDisk& disk) : disk_(disk) {}

  Result<FileStatus> status(const std::string& path) override {
    if (!is_inside(path)) return Error{ErrorKind::outside, path + ": leads out of the target"};
    if (now().folders.contains(path)) return FileStatus{.type = EntryType::folder};
    const auto file = now().files.find(path);
    if (file == now().files.end()) return missing(path);
    const MemoryInode& inode = *file->second;
    return FileStatus{.size_bytes = inode.content.size(),
                      .allocated_bytes = inode.content.size(),
                      .modified_ns = inode.modified_ns,
                      .changed_ns = inode.changed_ns};
  }

  Result<std::string> read(const std::string& path) override {
    const auto file = now().files.find(path);
    return file == now().files.end() ? Result<std::string>(missing(path)) : file->second->content;
  }

  Result<std::string> head(const std::string& path) override {
    const auto content = read(path);
    if (!content) return content.error();
    return content->substr(0, storage::head_bytes);
  }

  Result<std::string> digest(const std::string& path) override {
    const auto content = read(path);
    if (!content) return content.error();
    return formats::core::sha256(*content);
  }

  Result<std::vector<std::string>> list(const std::string& folder) override {
    if (!folder.empty() && !now().folders.contains(folder)) return missing(folder);
    std::vector<std::string> names;
    const auto add = [&](const std::string& path) {
      if (!path.empty() && parent_of(path) == folder) names.emplace_back(file_name(path));
    };
    for (const auto& [path, inode] : now().files) add(path);
    for (const std::string& path : now().folders) add(path);
    return names;
  }

  Status make_folder(const std::string& path) override {
    if (const Status free = check_new(path); !free) return free;
    disk_.change([path](auto& state, bool) {
      if (state.folders.contains(std::string(parent_of(path)))) state.folders.insert(path);
    });
    return formats::core::success();
  }

  Status create(const std::string& path, std::string_view bytes, const std::string& like) override {
    if (const Status free = check_new(path); !free) return free;
    const auto model = now().files.find(like);
    if (!like.empty() && model == now().files.end()) return missing(like);
    const unsigned mode = like.empty() ? 0600U : model->second->mode;
    const std::int64_t time = disk_.clock_ns_++;
    disk_.change([path, content = std::string(bytes), mode, time](auto& state, bool torn) {
      if (!state.folders.contains(std::string(parent_of(path)))) return;
      state.files[path] = std::make_shared<MemoryInode>(
          MemoryInode{torn ? content.substr(0, content.size() / 2) : content, mode, time, time});
    });
    return formats::core::success();
  }

  Status keep(const std::string& path, const std::string& as) override {
    if (!now().files.contains(path)) return missing(path);
    if (const Status free = check_new(as); !free) return free;
    disk_.change([path, as](auto& state, bool) {
      if (state.files.contains(path) && state.folders.contains(std::string(parent_of(as))))
        state.files[as] = state.files[path];
    });
    return formats::core::success();
  }

  Status replace(const std::string& from, const std::string& over) override {
    if (!now().files.contains(over)) return missing(over);
    return rename(from, over);
  }
  Status move(const std::string& from, const std::string& to) override {
    if (const Status free = check_new(to); !free) return free;
    return rename(from, to);
  }

  Status sync() override {
    disk_.stable_ = now();
    disk_.pending_.clear();
    return formats::core::success();
  }

  Status remove_file(const std::string& path) override {
    if (!now().files.contains(path)) return missing(path);
    disk_.change([path](auto& state, bool) { state.files.erase(path); });
    return formats::core::success();
  }

  Status remove_empty_folder(const std::string& path) override {
    if (!now().folders.contains(path)) return missing(path);
    const auto names = list(path);
    if (!names || !names->empty()) return Error{ErrorKind::unavailable, path + ": is not empty"};
    disk_.change([path](auto& state, bool) {
      for (const auto& [file, inode] : state.files) {
        if (parent_of(file) == path) return;
      }
      state.folders.erase(path);
    });
    return formats::core::success();
  }

 private:
  [[nodiscard]] const MemoryDisk::State& now() const { return disk_.now_; }

  [[nodiscard]] Status check_new(const std::string& path) const {
    if (!is_inside(path)) return Error{ErrorKind::outside, path + ": leads out of the target"};
    if (now().has(path)) return exists(path);
    const std::string folder(parent_of(path));
    return now().folders.contains(folder) ? formats::core::success() : Status(missing(folder));
  }

  // As a journal of names does it: both ends or none.
  Status rename(const std::string& from, const std::string& to) {
    if (!now().files.contains(from)) return missing(from);
    disk_.change([from, to](auto& state, bool) {
      const auto source = state.files.find(from);
      if (source == state.files.end() || !state.folders.contains(std::string(parent_of(to)))) return;
      const auto inode = source->second;
      state.files.erase(source);
      state.files[to] = inode;
    });
    return formats::core::success();
  }

  MemoryDisk& disk_;
};

void MemoryDisk::State::make_folders_above(const std::string& path) {
  for (std::string folder(parent_of(path)); folders.insert(folder).second; folder = std::string(parent_of(folder))) {
  }
}

void MemoryDisk::put(const std::string& path, std::string content, unsigned mode) {
  const std::int64_t time = clock_ns_++;
  const auto inode = std::make_shared<MemoryInode>(MemoryInode{std::move(content), mode, time, time});
  for (State* state : {&now_, &stable_}) {
    state->make_folders_above(path);
    state->files[path] = inode;
  }
}

void MemoryDisk::touch(const std::string& path) {
  const auto file = now_.files.find(path);
  if (file == now_.files.end()) return;
  file->second->modified_ns = file->second->changed_ns = clock_ns_++;
}

void MemoryDisk::erase(const std::string& path) {
  now_.files.erase(path);
  stable_.files.erase(path);
}

MemoryPlace MemoryDisk::place() const {
  MemoryPlace place;
  for (const auto& [path, inode] : now_.files) place.files[path] = inode->content;
  return place;
}

std::unique_ptr<Writer> MemoryDisk::writer() { return std::make_unique<MemoryWriter>(*this); }

void MemoryDisk::change(Change change) {
  change(now_, false);
  pending_.push_back(std::move(change));
}

void MemoryDisk::lose_power(const std::function<bool(std::size_t)>& reached) {
  now_ = stable_;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if (reached(i)) pending_[i](now_, true);
  }
  stable_ = now_;
  pending_.clear();
}

}  // namespace support
