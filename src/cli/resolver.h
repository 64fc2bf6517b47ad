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
  Resolver(FileOpener files, const std::string& file);

  // The path at which the file called `written` in `from` is looked for.
  [[nodiscard]] std::string place_of(const std::string& from, const std::string& written) const;
  [[nodiscard]] formats::core::Result<disk::NamedSource> find(const std::string& from,
                                                              const std::string& written) const;

 private:
  // As `discovery::find_reference` has it, the root being the folder that holds the first file's folder; what leads
  // nowhere stays as it is.
  [[nodiscard]] std::string absolute(const std::string& from, const std::string& written) const;
  [[nodiscard]] std::optional<std::string> itself(const std::string& from, const std::string& written,
                                                  const std::string& absolute) const;
  [[nodiscard]] std::vector<std::string> by_tail(std::string_view tail) const;

  FileOpener files_;
  std::string root_;
  bool knows_a_volume_ = false;     // the first file's, on this machine
  std::vector<std::string> roots_;  // real
};

formats::core::Result<disk::NamedSource> open_named(const FileOpener& files, const std::string& path);
[[nodiscard]] disk::Finder finder_for(const FileOpener& files, const std::string& file);

}  // namespace cbtctl::cli
