// Where to look: one target, its reader, and what is known of its location.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/datastore.h"
#include "storage/commands.h"
#include "storage/reader.h"

namespace cbtctl::discovery {

// A folder whose files are known by another location than its path tells: discovery/same_place.h.
struct Alias {
  std::string folder;  // absolute on its host, without links
  std::string location;
};

struct Place {
  model::Target target;
  std::shared_ptr<storage::Reader> reader;      // empty where `target.error` is set
  std::shared_ptr<storage::Commands> commands;  // empty on a mount, and where a host has no shell
  // Whose paths `roots` are: empty for this machine, else the same for all places on one host.
  std::string host;
  // The root as other files may name it, absolute, without a last '/': as given and with its links resolved. Two
  // places with a common form are the same folder.
  std::vector<std::string> roots;
  std::vector<Alias> aliases;               // of its host: all places on it have the same
  std::optional<storage::Listing> volumes;  // what /vmfs/volumes shows, where it was listed already
  std::string only_vmx;                     // a target that is one .vmx: its file name; the neighbours are read too
  std::vector<std::string> only_folders;    // where not empty: these are listed, and nothing below them
  bool is_only_asked = false;               // nothing of it is listed; what another place may not read is asked of it
};

// Whether another host may read what this one could not: of a running machine's files many are its own host's alone.
[[nodiscard]] inline bool may_differ_by_host(model::ErrorKind kind) {
  using Kind = model::ErrorKind;
  return kind == Kind::denied || kind == Kind::in_use || kind == Kind::unavailable || kind == Kind::changed;
}

// `--map REMOTE=LOCAL`: absolute paths below `remote` inside files are found below `local`.
struct Mapping {
  std::string remote;                       // without a last '/'; empty for all paths
  std::string local;                        // links resolved
  std::string given;                        // LOCAL as the user wrote it, without a last '/'
  std::shared_ptr<storage::Reader> reader;  // of `local`, for files that lie in no target
};

}  // namespace cbtctl::discovery
