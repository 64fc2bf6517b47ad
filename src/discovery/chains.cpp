// A chain follows parent hints until a descriptor has none, cannot be read or was met before. A link is own when the
// one above is, and it lies in the machine's folder or workingDir or one of its snapshots froze it, and no other
// machine runs on it: the golden image of a linked clone is foreign.
#include "discovery/chains.h"

#include <algorithm>
#include <set>
#include <utility>

#include "formats/core/path.h"

namespace cbtctl::discovery {
namespace {

using formats::core::parent_of;
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
  Spot home;                        // the machine's folder
  std::optional<Resolved> working;  // its workingDir, where that is another
  std::set<Index> frozen;           // files
  const Users* users = nullptr;

  [[nodiscard]] bool owns(Index file, const Spot& spot) const {
    const auto begin = std::lower_bound(users->begin(), users->end(), Use{file, 0});
    const auto end = std::lower_bound(begin, users->end(), Use{file + 1, 0});
    const bool runs_elsewhere = std::any_of(begin, end, [&](const Use& use) { return use.machine != machine; });
    if (runs_elsewhere) return false;
    if (frozen.contains(file)) return true;
    return lies_in(home, spot) || (working && lies_in(working->spot, spot));
  }
  // Only since a workingDir leads there by its tail, which no change may rest on.
  [[nodiscard]] bool owns_by_tail(Index file, const Spot& spot) const {
    return working && working->by_tail && !frozen.contains(file) && !lies_in(home, spot);
  }
  static bool lies_in(const Spot& folder, const Spot& spot) {
    return folder.place == spot.place && folder.path == parent_of(spot.path);
  }
};

Ownership ownership_of(Loader& loader, const model::Datastore& datastore, Index machine, const Users& users) {
  const model::VirtualMachine& subject = datastore.virtual_machines[machine];
  Ownership ownership{.machine = machine, .home = {}, .working = {}, .frozen = {}, .users = &users};
  const Spot configuration = loader.spot_of(subject.file);
  ownership.home = {configuration.place, std::string(parent_of(configuration.path))};
  ownership.working = loader.folder_named(ownership.home, subject.settings.working_dir);
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
    model::Reference& led = disk.chain.back().reference;
    led.by_tail = led.by_tail || (own && ownership.owns_by_tail(*parent->file, loader.spot_of(*parent->file)));
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
