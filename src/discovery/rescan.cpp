// A machine's files are those that its chains reach. Whoever else names one of them counts too, with all that he runs
// on: whose a link is, and what children a disk has, only he tells.
#include "discovery/rescan.h"

#include <algorithm>
#include <map>

#include "discovery/discover.h"
#include "formats/core/path.h"

namespace cbtctl::discovery {
namespace {

using formats::core::parent_of;
using model::Index;

class Surroundings {
 public:
  explicit Surroundings(const model::Datastore& datastore)
      : datastore_(datastore), files_(datastore.files.size()), folders_(datastore.targets.size()) {}

  void add_machine(Index machine) {
    const model::VirtualMachine& subject = datastore_.virtual_machines[machine];
    add(subject.file);
    if (subject.snapshot_file) add_list(datastore_.snapshot_files[*subject.snapshot_file]);
    for (const model::Disk& disk : subject.disks) {
      for (const model::ChainLink& link : disk.chain) add_link(link);
    }
  }

  void add_who_names_them() {
    const std::vector<bool> theirs = files_;
    const auto leads_there = [&](const model::Reference& reference) {
      return reference.file && theirs[*reference.file];
    };
    for (Index i = 0; i < datastore_.virtual_machines.size(); ++i) {
      if (any_link(datastore_.virtual_machines[i], leads_there)) add_machine(i);
    }
    for (const model::SnapshotFile& list : datastore_.snapshot_files) {
      if (std::any_of(list.frozen.begin(), list.frozen.end(), leads_there)) add_list(list);
    }
    std::set<std::string_view> uuids;
    for (const model::Descriptor& descriptor : datastore_.descriptors) {
      if (theirs[descriptor.file] && !descriptor.content.disk_uuid.empty()) uuids.insert(descriptor.content.disk_uuid);
    }
    for (const model::Descriptor& descriptor : datastore_.descriptors) {
      if (names_any(descriptor, leads_there) || uuids.contains(descriptor.content.disk_uuid)) add(descriptor.file);
    }
  }

  Folders folders() && { return std::move(folders_); }

 private:
  template <typename Leads>
  static bool any_link(const model::VirtualMachine& machine, const Leads& leads) {
    return std::any_of(machine.disks.begin(), machine.disks.end(), [&](const model::Disk& disk) {
      return std::any_of(disk.chain.begin(), disk.chain.end(),
                         [&](const model::ChainLink& link) { return leads(link.reference); });
    });
  }

  template <typename Leads>
  static bool names_any(const model::Descriptor& descriptor, const Leads& leads) {
    if (descriptor.parent && leads(*descriptor.parent)) return true;
    if (descriptor.tracking && leads(*descriptor.tracking)) return true;
    return std::any_of(descriptor.extents.begin(), descriptor.extents.end(),
                       [&](const model::Extent& extent) { return extent.reference && leads(*extent.reference); });
  }

  // A missing file's folder may be missing too, and is no folder that cannot be read then.
  void add(Index index) {
    const model::File& file = datastore_.files[index];
    files_[index] = true;
    if (file.target >= folders_.size() || (!file.exists && !was_listed(file))) return;
    folders_[file.target].emplace(parent_of(file.path));
  }

  [[nodiscard]] bool was_listed(const model::File& missing) const {
    return std::any_of(datastore_.files.begin(), datastore_.files.end(),
                       [&](const model::File& file) { return file.exists && lies_beside(file, missing); });
  }

  void add(const std::optional<model::Reference>& reference) {
    if (reference && reference->file) add(*reference->file);
  }

  void add_list(const model::SnapshotFile& list) {
    add(list.file);
    for (const model::Reference& frozen : list.frozen) add(frozen);
  }

  void add_link(const model::ChainLink& link) {
    add(link.reference);
    if (!link.descriptor) return;
    const model::Descriptor& descriptor = datastore_.descriptors[*link.descriptor];
    add(descriptor.tracking);
    for (const model::Extent& extent : descriptor.extents) add(extent.reference);
  }

  const model::Datastore& datastore_;
  std::vector<bool> files_;
  Folders folders_;
};

// A place without such folders is as good as not there.
std::vector<Place> narrowed(const std::vector<Place>& places, const Folders& folders) {
  std::vector<Place> narrow = places;
  for (std::size_t i = 0; i < narrow.size(); ++i) {
    Place& place = narrow[i];
    place.commands = nullptr;
    if (place.target.error) continue;
    if (folders[i].empty()) {
      place.target.error = model::Error{model::ErrorKind::outside, "is not read again"};
    } else if (place.only_vmx.empty()) {
      place.only_folders.assign(folders[i].begin(), folders[i].end());
    }
  }
  return narrow;
}

void keep_what_was_told(const model::Datastore& earlier, model::Datastore& now) {
  std::map<std::pair<Index, std::string>, const model::VirtualMachine*> known;
  for (const model::VirtualMachine& machine : earlier.virtual_machines) {
    const model::File& file = earlier.files[machine.file];
    known[{file.target, file.path}] = &machine;
  }
  for (model::VirtualMachine& machine : now.virtual_machines) {
    const model::File& file = now.files[machine.file];
    const auto before = known.find({file.target, file.path});
    if (before == known.end()) continue;
    machine.power = before->second->power;
    machine.registrations = before->second->registrations;
    machine.witnesses = before->second->witnesses;
    machine.seen_by = before->second->seen_by;
    machine.is_targeted = before->second->is_targeted;
  }
}

}  // namespace

Folders folders_of(const model::Datastore& datastore, const std::vector<Index>& machines) {
  Surroundings surroundings(datastore);
  for (const Index machine : machines) surroundings.add_machine(machine);
  surroundings.add_who_names_them();
  return std::move(surroundings).folders();
}

model::Datastore rescan(const model::Datastore& earlier, const Folders& folders, const std::vector<Place>& places,
                        const std::vector<Mapping>& mappings) {
  model::Datastore now = discover(narrowed(places, folders), mappings);
  keep_what_was_told(earlier, now);
  now.targets = earlier.targets;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!places[i].reader || now.targets[i].error) continue;
    if (const auto lost = places[i].reader->failure()) now.targets[i].error = lost;
  }
  return now;
}

}  // namespace cbtctl::discovery
