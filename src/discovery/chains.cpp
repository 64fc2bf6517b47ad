// A chain follows parent hints until a descriptor has none, cannot be read or was met before. A link is own when the
// one above is, and it lies in the machine's folder or workingDir or one of its snapshots froze it, and no other
// machine runs on it: the golden image of a linked clone is foreign.
#include "discovery/chains.h"

#include <algorithm>
#include <set>
#include <utility>

#include "storage/path.h"

namespace cbtctl::discovery {
namespace {

using model::Index;

// A machine that runs on a file.
struct Use {
  Index file = 0;
  Index machine = 0;
  friend auto operator<=>(const Use&, const Use&) = default;  // NOLINT(modernize-use-nullptr)
};
using Users = std::vector<Use>;  // in order

Users active_users(const model::Datastore& datastore) {
  Users users;
  for (Index machine = 0; machine < datastore.virtual_machines.size(); ++machine) {
    for (const model::Disk& disk : datastore.virtual_machines[machine].disks) {
      if (const auto file = disk.chain.front().reference.file) users.push_back({*file, machine});
    }
  }
  std::sort(users.begin(), users.end());
  return users;
}

struct Ownership {
  Index machine = 0;
  std::vector<Spot> folders;  // the machine's own and its workingDir
  std::set<Index> frozen;     // files
  const Users* users = nullptr;

  [[nodiscard]] bool owns(Index file, const Spot& spot) const {
    const auto begin = std::lower_bound(users->begin(), users->end(), Use{file, 0});
    const auto end = std::lower_bound(begin, users->end(), Use{file + 1, 0});
    const bool runs_elsewhere = std::any_of(begin, end, [&](const Use& use) { return use.machine != machine; });
    if (runs_elsewhere) return false;
    if (frozen.contains(file)) return true;
    return std::any_of(folders.begin(), folders.end(), [&](const Spot& folder) {
      return folder.place == spot.place && folder.path == storage::parent_of(spot.path);
    });
  }
};

Ownership ownership_of(Loader& loader, const model::Datastore& datastore, Index machine, const Users& users) {
  const model::VirtualMachine& subject = datastore.virtual_machines[machine];
  Ownership ownership{.machine = machine, .folders = {}, .frozen = {}, .users = &users};
  const Spot configuration = loader.spot_of(subject.file);
  ownership.folders.push_back({configuration.place, std::string(storage::parent_of(configuration.path))});
  if (const auto working = loader.folder_named(ownership.folders.front(), subject.settings.working_dir)) {
    ownership.folders.push_back(*working);
  }
  if (subject.snapshot_file) {
    for (const model::Reference& frozen : datastore.snapshot_files[*subject.snapshot_file].frozen) {
      if (frozen.file) ownership.frozen.insert(*frozen.file);
    }
  }
  return ownership;
}

void extend(model::Disk& disk, const Loader& loader, const model::Datastore& datastore, const Ownership& ownership) {
  std::set<Index> met;
  for (;;) {
    model::ChainLink& link = disk.chain.back();
    if (!link.reference.file) return;
    met.insert(*link.reference.file);
    link.descriptor = datastore.files[*link.reference.file].descriptor;
    if (!link.descriptor) return;
    const auto& parent = datastore.descriptors[*link.descriptor].parent;
    if (!parent) return;
    if (parent->file && met.contains(*parent->file)) {
      disk.loops = true;
      return;
    }
    const bool own = link.own && parent->file && ownership.owns(*parent->file, loader.spot_of(*parent->file));
    disk.chain.push_back({.reference = *parent, .descriptor = {}, .own = own});
  }
}

}  // namespace

void build_chains(Loader& loader, model::Datastore& datastore) {
  const Users users = active_users(datastore);
  for (Index machine = 0; machine < datastore.virtual_machines.size(); ++machine) {
    if (datastore.virtual_machines[machine].disks.empty()) continue;
    const Ownership ownership = ownership_of(loader, datastore, machine, users);
    for (model::Disk& disk : datastore.virtual_machines[machine].disks) extend(disk, loader, datastore, ownership);
  }
}

}  // namespace cbtctl::discovery
