// A place in memory that is written to: it forgets at a loss of power what was not synced, and it can be
// told which of the unsynced changes happened to reach the disk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "storage/writer.h"
#include "tests/support/memory_reader.h"

namespace support {

struct MemoryInode {
  std::string content;
  unsigned mode = 0600;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
};

class MemoryDisk {
 public:
  // What lies there from the beginning, or what somebody else does meanwhile; lasts at once.
  void put(const std::string& path, std::string content, unsigned mode = 0600);
  void touch(const std::string& path);  // its times move
  void erase(const std::string& path);

  [[nodiscard]] const std::map<std::string, std::shared_ptr<MemoryInode>>& files() const { return now_.files; }
  [[nodiscard]] const std::set<std::string>& folders() const { return now_.folders; }
  [[nodiscard]] MemoryPlace place() const;  // for open_memory

  [[nodiscard]] std::unique_ptr<storage::Writer> writer();  // not to outlive the disk

  // Of the changes since the last sync only those that `reached` names by their number, from 0, and that still make
  // sense without the others have happened; a file that was created may hold half its bytes.
  [[nodiscard]] std::size_t unsynced() const { return pending_.size(); }
  void lose_power(const std::function<bool(std::size_t)>& reached);

 private:
  friend class MemoryWriter;
  struct State {
    std::map<std::string, std::shared_ptr<MemoryInode>> files;
    std::set<std::string> folders;
    [[nodiscard]] bool has(const std::string& path) const { return files.contains(path) || folders.contains(path); }
    void make_folders_above(const std::string& path);
  };
  using Change = std::function<void(State& state, bool torn)>;  // does nothing where it makes no sense any more

  void change(Change change);

  State now_;
  State stable_;
  std::vector<Change> pending_;
  std::int64_t clock_ns_ = 1;
};

}  // namespace support
