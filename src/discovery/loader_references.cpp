// The last part of the loader: from what was parsed to the files it names.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>

#include "discovery/loader.h"
#include "discovery/names.h"
#include "formats/core/ascii.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::discovery {
namespace {

using formats::FileKind;
using formats::core::file_name;
using formats::core::join;
using formats::core::parent_of;
using formats::vmdk::ExtentKind;
using model::Index;

bool is_sparse(ExtentKind kind) {
  return kind == ExtentKind::vmfs_sparse || kind == ExtentKind::sesparse || kind == ExtentKind::sparse;
}

}  // namespace

Spot Loader::folder_of(Index file) const {
  Spot spot = spot_of(file);
  spot.path.resize(parent_of(spot.path).size());
  return spot;
}

// True where it leads to a file, and did not before. As long as folders are being listed it can only be told of what
// lies beside.
bool Loader::lead(model::Reference& reference, const Spot& folder) {
  if (reference.file) return false;
  auto resolved =
      is_listed_ ? tree_.resolve(folder, reference.written) : tree_.resolve_beside(folder, reference.written);
  has_open_ends_ |= !resolved;
  if (!resolved) return false;
  reference.file = file_at(std::move(resolved->spot), resolved->seen);
  reference.by_tail = resolved->by_tail;
  reference.by_link = resolved->by_link;
  return true;
}

std::optional<Resolved> Loader::folder_named(const Spot& folder, const std::string& written) const {
  if (written.empty() || written == ".") return std::nullopt;
  return tree_.resolve_folder(folder, written);
}

void Loader::load_by_reference() {
  is_listed_ = true;
  if (has_open_ends_) machines_done_ = snapshot_files_done_ = descriptors_done_ = 0;
  do {
    fetch_wanted();
    refer_from_all();
    if (wanted_.empty()) want_unclaimed_data();
  } while (!wanted_.empty());
  ask_ages();
  collect_tracking_files();
}

void Loader::refer_from_all() {
  for (auto& all = datastore_.virtual_machines; machines_done_ < all.size();) refer_from(all[machines_done_++]);
  for (auto& all = datastore_.snapshot_files; snapshot_files_done_ < all.size();) {
    refer_from(all[snapshot_files_done_++]);
  }
  for (auto& all = datastore_.descriptors; descriptors_done_ < all.size();) refer_from(all[descriptors_done_++]);
}

void Loader::refer_from(model::VirtualMachine& machine) {
  const Spot folder = folder_of(machine.file);
  for (model::Disk& disk : machine.disks) {
    model::Reference& reference = disk.chain.front().reference;
    if (lead(reference, folder)) want_disk(reference);
  }
}

void Loader::refer_from(model::SnapshotFile& list) {
  if (list.frozen.empty() && list.states.empty()) return;
  const Spot folder = folder_of(list.file);
  for (model::Reference& state : list.states) lead(state, folder);
  for (model::Reference& frozen : list.frozen) {
    if (lead(frozen, folder)) want_disk(frozen);
  }
}

void Loader::refer_from(model::Descriptor& descriptor) {
  const Spot folder = folder_of(descriptor.file);
  for (model::Extent& extent : descriptor.extents) {
    if (!extent.reference) continue;
    if (descriptor.content.is_embedded || lead(*extent.reference, folder)) want_extent(extent);
  }
  for (model::Reference& sidecar : descriptor.sidecars) lead(sidecar, folder);
  if (descriptor.parent && lead(*descriptor.parent, folder)) want_disk(*descriptor.parent);
  if (descriptor.tracking && lead(*descriptor.tracking, folder)) {
    want({*descriptor.tracking->file, Reading::disk, head_bytes, true});
  }
}

void Loader::want_disk(const model::Reference& reference) { want({*reference.file, Reading::disk, head_bytes}); }

void Loader::want_extent(const model::Extent& extent) {
  const Index file = *extent.reference->file;
  const bool is_known = claimed_[file];
  claimed_[file] = true;
  if (is_sparse(extent.line.kind) && !asked_[file]) return want({file, Reading::disk, sparse_head_bytes, true});
  // What was read of it by its name, as if it were a descriptor, came without its size.
  if (!is_known && !datastore_.files[file].size_bytes) asked_[file] = false;
  want({file, Reading::status});
}

// How old a snapshot is that should be gone shows against what was written last beside it.
void Loader::ask_ages() {
  std::map<storage::Reader*, std::vector<storage::Submission>> by_reader;
  for (Index i = 0; i < datastore_.snapshot_files.size(); ++i) {
    const auto& content = datastore_.snapshot_files[i].content;
    const auto is_temporary = [](const formats::vmsd::Snapshot& snapshot) { return snapshot.is_temporary(); };
    if (!content || std::none_of(content->snapshots.begin(), content->snapshots.end(), is_temporary)) continue;
    const Spot spot = folder_of(datastore_.snapshot_files[i].file);
    const Folder* folder = tree_.folder(spot.place, spot.path);
    for (const storage::Entry& entry : folder == nullptr ? std::vector<storage::Entry>{} : folder->entries) {
      if (entry.type != storage::EntryType::file) continue;
      const Spot file{spot.place, join(spot.path, entry.name)};
      by_reader[&tree_.reader(file)].push_back({i, storage::StatusRequest{tree_.read_path(file)}});
    }
  }
  for (auto& [reader, submissions] : by_reader) {
    reader->submit(std::move(submissions));
    for (auto replies = reader->collect(); !replies.empty(); replies = reader->collect()) {
      for (const storage::Reply& reply : replies) {
        const auto* status = reply.answer ? std::get_if<storage::FileStatus>(&*reply.answer) : nullptr;
        if (status == nullptr) continue;
        auto& newest = datastore_.snapshot_files[reply.tag].newest_ns;
        newest = std::max(newest.value_or(status->modified_ns), status->modified_ns);
      }
    }
  }
}

// A name such as "x-flat.vmdk" that nobody refers to may still be a descriptor or a CTK file.
void Loader::want_unclaimed_data() {
  for (const Index file : data_files_) {
    if (claimed_[file]) continue;
    claimed_[file] = true;
    asked_[file] = datastore_.files[file].kind.has_value();  // else it was for its size alone
    want({file, Reading::disk, head_bytes, true});
  }
}

// A folder or a link by the disk's name is not looked for yet while folders are being listed: what is called like a CTK
// file may turn out to be none, and then nothing is to be said of what has its disk's name.
void Loader::find_disk_of(std::size_t called) {
  const auto disk = disk_of(called_tracking_[called].file);
  if (disk) called_tracking_[called].disk = disk;
}

// By exactly that name, else in another letter case; that is looked for once all is listed.
std::optional<Index> Loader::disk_of(Index tracking) {
  const Spot spot = spot_of(tracking);
  const std::string disk = formats::vmware::disk_of_tracking(file_name(spot.path));
  Spot beside{spot.place, join(parent_of(spot.path), disk)};
  Lookup seen = tree_.look_up(beside);
  if (seen.entry == nullptr && is_listed_ && seen.folder != nullptr) {
    seen.entry = find_ignoring_case(*seen.folder, disk);
    if (seen.entry != nullptr) beside.path = join(parent_of(spot.path), seen.entry->name);
  }
  if (seen.entry == nullptr || (!is_listed_ && seen.entry->type != storage::EntryType::file)) return std::nullopt;
  return file_at(std::move(beside), seen);
}

const storage::Entry* Loader::find_ignoring_case(const Folder& folder, std::string_view name) {
  if (small_names_.folder != &folder) {
    small_names_ = {&folder, {}};
    for (std::size_t i = 0; i < folder.entries.size(); ++i)
      small_names_.entries.emplace(formats::core::lower(folder.entries[i].name), i);
  }
  const auto found = small_names_.entries.find(formats::core::lower(name));
  return found == small_names_.entries.end() ? nullptr : &folder.entries[found->second];
}

// An extent that leads out of the scan may be the file of that name in it. One that is missing may be there in another
// letter case, as a copy over a share leaves it; only what would else pass for a CTK file is asked for that.
void Loader::mark_extents() {
  std::unordered_set<std::string> outside;
  std::set<std::pair<Index, std::string>> missing;
  for (const model::Descriptor& descriptor : datastore_.descriptors) {
    for (const model::Extent& extent : descriptor.extents) {
      if (!extent.reference) continue;
      if (!extent.reference->file) {
        outside.insert(formats::core::lower(file_name(extent.reference->written)));
        continue;
      }
      model::File& file = datastore_.files[*extent.reference->file];
      file.is_extent = true;
      if (!file.exists) missing.emplace(file.target, formats::core::lower(file.path));
    }
  }
  for (const model::TrackingFile& tracking : datastore_.tracking_files) {
    model::File& file = datastore_.files[tracking.file];
    file.is_extent = file.is_extent || missing.contains({file.target, formats::core::lower(file.path)});
  }
  if (outside.empty()) return;
  for (model::File& file : datastore_.files)
    file.is_extent = file.is_extent || outside.contains(formats::core::lower(file_name(file.path)));
}

// The CTK file of a disk that is not there, and that somebody counts on, is no orphan.
void Loader::mark_awaited() {
  std::set<std::pair<Index, std::string>> named;
  const auto name = [&](const model::Reference& reference) {
    if (!reference.file) return;
    const model::File& disk = datastore_.files[*reference.file];
    if (!disk.exists) named.emplace(disk.target, formats::core::lower(disk.path));
  };
  for (const model::VirtualMachine& machine : datastore_.virtual_machines) {
    for (const model::Disk& disk : machine.disks) name(disk.chain.front().reference);
  }
  for (const model::SnapshotFile& list : datastore_.snapshot_files) {
    for (const model::Reference& frozen : list.frozen) name(frozen);
  }
  if (named.empty()) return;
  for (model::TrackingFile& tracking : datastore_.tracking_files) {
    const model::File& file = datastore_.files[tracking.file];
    const std::string disk = join(parent_of(file.path), formats::vmware::disk_of_tracking(file_name(file.path)));
    tracking.is_awaited = !tracking.disk && named.contains({file.target, formats::core::lower(disk)});
  }
}

// Disk data is a CTK file to those alone that name it so.
void Loader::drop_disk_data() {
  for (model::TrackingFile& tracking : datastore_.tracking_files) {
    model::File& file = datastore_.files[tracking.file];
    tracking.is_data =
        file.is_extent || formats::vmware::is_called_like_data(formats::vmware::parse_name(file_name(file.path)).kind);
    if (!tracking.is_data) continue;
    tracking.header.reset();
    if (tracking.named_by.empty()) file.tracking.reset();
  }
  std::erase_if(datastore_.tracking_files,
                [](const model::TrackingFile& each) { return each.is_data && each.named_by.empty(); });
}

void Loader::collect_tracking_files() {
  const auto note = [&](Index file) -> model::TrackingFile& {
    auto& known = datastore_.files[file].tracking;
    if (!known) {
      known = datastore_.tracking_files.size();
      datastore_.tracking_files.push_back({.file = file, .header = {}, .named_by = {}});
    }
    return datastore_.tracking_files[*known];
  };
  for (std::size_t i = 0; i < called_tracking_.size(); ++i) {
    const model::File& file = datastore_.files[called_tracking_[i].file];
    const bool is_other =
        file.kind && *file.kind != FileKind::ctk && *file.kind != FileKind::data && *file.kind != FileKind::empty;
    if (!file.exists || is_other) continue;
    if (!called_tracking_[i].disk) find_disk_of(i);
    note(called_tracking_[i].file).disk = called_tracking_[i].disk;
  }
  for (std::size_t i = 0; i < datastore_.tracking_files.size(); ++i) {  // put aside under another name
    const Index file = datastore_.tracking_files[i].file;
    const bool is_put_aside = hint_of(file_name(datastore_.files[file].path)) != NameHint::tracking &&
                              !formats::vmware::disk_of_tracking(datastore_.files[file].path).empty();
    if (!is_put_aside) continue;
    const auto disk = disk_of(file);
    datastore_.tracking_files[i].disk = disk;
  }
  for (Index i = 0; i < datastore_.descriptors.size(); ++i) {
    const auto& tracking = datastore_.descriptors[i].tracking;
    if (tracking && tracking->file) note(*tracking->file).named_by.push_back(i);
  }
  mark_extents();
  drop_disk_data();
  mark_awaited();
  const auto file_of = [&](Index descriptor) -> const model::File& {
    return datastore_.files[datastore_.descriptors[descriptor].file];
  };
  for (model::TrackingFile& tracking : datastore_.tracking_files) {
    std::sort(tracking.named_by.begin(), tracking.named_by.end(),
              [&](Index a, Index b) { return is_before(file_of(a), file_of(b)); });
  }
}

}  // namespace cbtctl::discovery
