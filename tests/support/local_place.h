// A folder on this machine with a datastore's files, and a state folder of its own, gone at the end.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "discovery/discover.h"
#include "repair/proof.h"
#include "storage/local_reader.h"
#include "tests/support/findings.h"

namespace support {

class LocalPlace {
 public:
  explicit LocalPlace(const Files& files) {
    std::string name = (std::filesystem::temp_directory_path() / "cbtctl-XXXXXX").string();
    top_ = ::mkdtemp(name.data());
    if (const char* state = std::getenv("XDG_STATE_HOME")) state_before_ = state;
    ::setenv("XDG_STATE_HOME", (top_ / "state").c_str(), 1);
    for (const auto& [path, content] : files) put(path, content);
  }
  LocalPlace(const LocalPlace&) = delete;
  LocalPlace& operator=(const LocalPlace&) = delete;
  ~LocalPlace() {
    ::setenv("XDG_STATE_HOME", state_before_.c_str(), 1);
    std::filesystem::remove_all(top_);
  }

  [[nodiscard]] std::string root() const { return (top_ / "ds").string(); }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return top_ / "ds" / name; }

  void put(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(path(name).parent_path());
    std::ofstream(path(name), std::ios::binary | std::ios::trunc) << content;
    ::chmod(path(name).c_str(), name.ends_with(".vmx") ? 0755 : 0600);
  }

  // Path and content, with the mode in front; without what cbtctl keeps for itself.
  [[nodiscard]] Files contents() const {
    Files files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path(""))) {
      const std::string name = std::filesystem::relative(entry.path(), path("")).string();
      if (!entry.is_regular_file() || name.find(".cbtctl/") != std::string::npos) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      files[name] = std::to_string(static_cast<unsigned>(entry.status().permissions())) + ":" +
                    std::string(std::istreambuf_iterator<char>(file), {});
    }
    return files;
  }
  // A lock, or a content that still waits for its turn.
  [[nodiscard]] bool has_leftovers() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path(""))) {
      if (is_leftover(entry.path().filename())) return true;
    }
    return false;
  }

  [[nodiscard]] Datastore scan() const {
    cbtctl::discovery::Place place;
    place.target.location = root();
    place.roots = {root()};
    place.reader = std::move(*cbtctl::storage::open_local(root(), 1));
    return cbtctl::discovery::discover({place}, {});
  }
  [[nodiscard]] cbtctl::repair::Look look() const {
    return [this](const cbtctl::repair::MachinePlan&) { return scan(); };
  }

 private:
  // "lock", "web01.vmx.3.new", "web01.vmx.3.back.new".
  static bool is_leftover(std::filesystem::path name) {
    if (name == "lock") return true;
    if (name.extension() != ".new") return false;
    name = name.stem();
    if (name.extension() == ".back") name = name.stem();
    const std::string number = name.extension().string();
    return number.size() > 1 && number.find_first_not_of("0123456789", 1) == std::string::npos;
  }

  std::filesystem::path top_;
  std::string state_before_;
};

}  // namespace support
