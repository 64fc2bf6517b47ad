// Where the names that stand inside files lead.
#pragma once

#include <string>
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
  // By --map, else as it is, else by the longest tail, at least folder and file, that is there below the root.
  [[nodiscard]] std::string absolute(const std::string& from, const std::string& written) const;

  FileOpener files_;
  std::string root_;
  std::vector<std::string> roots_;  // real
};

formats::core::Result<disk::NamedSource> open_named(const FileOpener& files, const std::string& path);
[[nodiscard]] disk::Finder finder_for(const FileOpener& files, const std::string& file);

}  // namespace cbtctl::cli
