// Where the names that stand inside files lead.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/file_opener.h"
#include "disk/chain.h"

namespace cbtctl::cli {

// Into the first file's own folder, a folder beside that (unless it is one at the top), or below a --map; on a host
// also anywhere below /vmfs/volumes; nowhere else. An absolute path that is not there is looked for by its tail beside
// the file's folder.
class Resolver {
 public:
  Resolver(FileOpener files, const storage::Location& file);

  // Where the file called `written` in `from` is looked for.
  [[nodiscard]] storage::Location place_of(const storage::Location& from, const std::string& written) const;
  // Opens it there.
  [[nodiscard]] formats::core::Result<disk::NamedSource> open(const storage::Location& from, const std::string& written,
                                                              const storage::Location& place) const;
  // Whether it is there, as far as that may be asked.
  [[nodiscard]] bool finds(const storage::Location& from, const std::string& written) const;

 private:
  [[nodiscard]] bool is_inside(const std::string& real) const;
  // As `discovery::find_reference` has it, the root being the folder that holds the first file's folder; what leads
  // nowhere stays as it is.
  [[nodiscard]] storage::Location absolute(const storage::Location& from, const std::string& written) const;
  [[nodiscard]] std::optional<storage::Location> itself(const storage::Location& from, const std::string& written,
                                                        const std::string& absolute) const;
  [[nodiscard]] std::vector<storage::Location> by_tail(std::string_view tail) const;

  FileOpener files_;
  std::string root_;
  bool knows_a_volume_ = false;     // the first file's, on this machine
  std::vector<std::string> roots_;  // real
};

formats::core::Result<disk::NamedSource> open_named(const FileOpener& files, const storage::Location& file);

// For a chain that begins with `file`: knows that, and what it found.
[[nodiscard]] disk::Finder finder_for(const FileOpener& files, const storage::Location& file);

}  // namespace cbtctl::cli
