// A group of folders is whole: whoever names one of its files counts too, with all that he names. Whose a link is, what
// children a disk has, and whether a file is an orphan, only he tells.
#include "discovery/rescan.h"

#include <map>

#include "discovery/discover.h"
#include "formats/core/path.h"

namespace cbtctl::discovery {
namespace {

using formats::core::file_name;
using formats::core::parent_of;
using model::Index;

// Calls `name` with each file and what it names.
template <typename Name>
void for_references(const model::Datastore& datastore, Name&& name) {
  for (const model::VirtualMachine& machine : datastore.virtual_machines) {
    for (const model::Disk& disk : machine.disks) name(machine.file, disk.chain.front().reference);
  }
  for (const model::SnapshotFile& list : datastore.snapshot_files) {
    for (const model::Reference& frozen : list.frozen) name(list.file, frozen);
    for (const model::Reference& state : list.states) name(list.file, state);
  }
  for (const model::Descriptor& descriptor : datastore.descriptors) {
    if (descriptor.parent) name(descriptor.file, *descriptor.parent);
    if (descriptor.tracking) name(descriptor.file, *descriptor.tracking);
    for (const model::Extent& extent : descriptor.extents) {
      if (extent.reference) name(descriptor.file, *extent.reference);
    }
    for (const model::Reference& sidecar : descriptor.sidecars) name(descriptor.file, sidecar);
  }
}

// Of a place without such folders nothing is listed, but what another may not read it is still asked for.
std::vector<Place> narrowed(const std::vector<Place>& places, const Folders& folders) {
  std::vector<Place> narrow = places;
  for (std::size_t i = 0; i < narrow.size(); ++i) {
    Place& place = narrow[i];
    place.commands = nullptr;
    if (place.target.error) continue;
    if (folders[i].empty()) {
      place.is_only_asked = true;
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

FolderGroups::FolderGroups(const model::Datastore& datastore) : places_(datastore.targets.size()) { add(datastore); }

// The folder of a missing file may be missing too, and is none that cannot be read then: only what was listed counts.
void FolderGroups::add(const model::Datastore& later) {
  for (const model::File& file : later.files) {
    if (file.exists) add_folder(file.target, parent_of(file.path));
  }
  for (const model::File& folder : later.unreadable_folders) add_folder(folder.target, folder.path);
  for_references(later, [&](Index from, const model::Reference& to) { join(later.files[from], to, later); });
  std::map<std::string_view, Index> of_uuid;
  for (const model::Descriptor& descriptor : later.descriptors) {
    if (descriptor.content.disk_uuid.empty()) continue;
    const auto same = of_uuid.emplace(descriptor.content.disk_uuid, descriptor.file).first;
    join(later.files[same->second], later.files[descriptor.file]);
  }
}

Folders FolderGroups::around(const std::vector<model::File>& files) {
  std::set<Group> wanted;
  for (const model::File& file : files) {
    if (const auto folder = number_of(file)) wanted.insert(group_of(*folder));
  }
  Folders found(places_);
  for (const auto& [folder, number] : folders_) {
    if (wanted.contains(group_of(number))) found[folder.first].insert(folder.second);
  }
  return found;
}

std::optional<FolderGroups::Group> FolderGroups::number_of(const model::File& file) const {
  const auto found = folders_.find(std::pair(file.target, std::string(parent_of(file.path))));
  return found == folders_.end() ? std::nullopt : std::optional(found->second);
}

void FolderGroups::add_folder(Index target, std::string_view path) {
  if (target >= places_) return;  // a mapping, which is read as far as files lead there
  const auto [folder, is_new] = folders_.try_emplace({target, std::string(path)}, same_.size());
  if (!is_new) return;
  same_.push_back(folder->second);
  by_name_.emplace(file_name(folder->first.second), folder->second);
}

void FolderGroups::join(const model::File& from, const model::Reference& reference, const model::Datastore& datastore) {
  if (reference.file) return join(from, datastore.files[*reference.file]);
  const auto folder = number_of(from);
  if (folder && reference.written.starts_with('/')) join_tails(*folder, reference.written);
}

// A tail that is found twice leads nowhere, and to the one that is left where less is read.
void FolderGroups::join_tails(Group folder, std::string_view written) {
  const std::string_view name = file_name(parent_of(written));
  const auto [begin, end] = by_name_.equal_range(name);
  if (begin == end) return;
  same_[group_of(folder)] = group_of(begin->second);
  if (!joined_by_name_.emplace(name).second) return;
  for (auto each = begin; each != end; ++each) same_[group_of(each->second)] = group_of(folder);
}

void FolderGroups::join(const model::File& one, const model::File& other) {
  const auto a = number_of(one);
  const auto b = number_of(other);
  if (a && b && *a != *b) same_[group_of(*a)] = group_of(*b);
}

FolderGroups::Group FolderGroups::group_of(Group folder) {
  while (same_[folder] != folder) folder = same_[folder] = same_[same_[folder]];
  return folder;
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
