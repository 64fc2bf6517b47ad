// Where a link lies decides first, since it stays true however little of the world is seen: that another machine runs
// on a link makes it no less this one's, or a backup proxy that holds a disk would hide what is wrong with it. Only of
// links that lie with nobody the others are asked.
#include "discovery/ownership.h"

#include <algorithm>

#include "formats/core/path.h"
#include "model/same_machine.h"

namespace cbtctl::discovery {

using formats::core::parent_of;
using model::Index;

namespace {

bool lies_in(const Spot& folder, const Spot& spot) {
  return folder.place == spot.place && folder.path == parent_of(spot.path);
}

}  // namespace

Ownership::Ownership(const Loader& loader, const model::Datastore& datastore) : loader_(loader), datastore_(datastore) {
  for (Index machine = 0; machine < datastore.virtual_machines.size(); ++machine) {
    const model::VirtualMachine& subject = datastore.virtual_machines[machine];
    for (const model::Disk& disk : subject.disks) {
      const auto& file = disk.chain.front().reference.file;
      if (file && !model::keeps_nothing(disk)) running_.push_back({*file, machine});
    }
    if (!subject.snapshot_file) continue;
    for (const model::Reference& frozen : datastore.snapshot_files[*subject.snapshot_file].frozen) {
      if (frozen.file) frozen_.push_back({*frozen.file, machine});
    }
  }
  std::sort(running_.begin(), running_.end());
  std::sort(frozen_.begin(), frozen_.end());
}

template <typename Claim>
bool Ownership::any_of(const Uses& uses, Index file, Claim&& claim) {
  const auto begin = std::lower_bound(uses.begin(), uses.end(), Use{file, 0});
  const auto end = std::lower_bound(begin, uses.end(), Use{file + 1, 0});
  return std::any_of(begin, end, [&](const Use& use) { return claim(use.machine); });
}

Spot Ownership::folder_of(Index machine) const {
  Spot spot = loader_.spot_of(datastore_.virtual_machines[machine].file);
  spot.path.resize(parent_of(spot.path).size());
  return spot;
}

Ownership::View::View(const Ownership& all, Index machine)
    : all_(all),
      machine_(machine),
      home_(all.folder_of(machine)),
      working_(all.loader_.folder_named(home_, all.datastore_.virtual_machines[machine].settings.working_dir)) {}

bool Ownership::View::is_at_home(const Spot& spot) const {
  return lies_in(home_, spot) || (working_ && lies_in(working_->spot, spot));
}

bool Ownership::View::is_another(Index machine) const {
  const auto& machines = all_.datastore_.virtual_machines;
  return !model::is_same_machine(all_.datastore_, machines[machine], machines[machine_]);
}

// Two machines in one folder have its disks both, and so have two that hold one of a third folder. A workingDir is no
// home here: it may be another machine's folder.
bool Ownership::View::owns_active(Index file) const {
  const Spot spot = all_.loader_.spot_of(file);
  if (lies_in(home_, spot)) return true;
  const auto is_theirs = [&](Index machine) { return is_another(machine) && lies_in(all_.folder_of(machine), spot); };
  if (Ownership::any_of(all_.running_, file, is_theirs)) return false;
  const bool is_frozen_here = Ownership::any_of(all_.frozen_, file, [&](Index each) { return !is_another(each); });
  return is_frozen_here || !Ownership::any_of(all_.frozen_, file, is_theirs);
}

// Of the links at home those are another's that only one froze which is at home there too: a golden image, in whose
// folder its clone lies. That another machine runs on one makes it no less this one's, also in a workingDir: who sees
// less of the world takes it for own too, and what that means is told (`disk-has-children`).
bool Ownership::View::owns_parent(Index file, Index above) const {
  if (Ownership::any_of(all_.frozen_, file, [&](Index each) { return !is_another(each); })) return true;
  const Spot spot = all_.loader_.spot_of(file);
  const auto is_anothers = [&](Index machine) { return is_another(machine); };
  if (is_at_home(spot)) {
    return !Ownership::any_of(all_.frozen_, file, [&](Index machine) {
      return is_another(machine) && lies_in(all_.folder_of(machine), spot);
    });
  }
  const Spot beside = all_.loader_.spot_of(above);
  return beside.place == spot.place && parent_of(beside.path) == parent_of(spot.path) &&
         !Ownership::any_of(all_.frozen_, file, is_anothers) && !Ownership::any_of(all_.running_, file, is_anothers);
}

bool Ownership::View::rests_on_tail(Index file) const {
  if (!working_ || !working_->by_tail) return false;
  const Spot spot = all_.loader_.spot_of(file);
  return lies_in(working_->spot, spot) && !lies_in(home_, spot) &&
         !Ownership::any_of(all_.frozen_, file, [&](Index each) { return each == machine_; });
}

}  // namespace cbtctl::discovery
