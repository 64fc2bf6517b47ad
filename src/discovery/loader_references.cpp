// The second half of the loader: from what was parsed to the files it names.
#include <algorithm>
#include <utility>

#include "discovery/loader.h"
#include "discovery/names.h"
#include "storage/path.h"

namespace cbtctl::discovery {
namespace {

using formats::FileKind;
using formats::vmdk::ExtentKind;
using model::Index;

constexpr std::size_t head_bytes = 4096;

Spot folder_of(const Spot& file) { return {file.place, std::string(storage::parent_of(file.path))}; }

// "vsan://...", "vvol://...": an object and no file.
bool names_a_file(const formats::vmdk::ExtentLine& line) {
  return line.kind != ExtentKind::zero && !line.file_name.empty() && line.file_name.find("://") == std::string::npos &&
         !line.file_name.starts_with("/dev/") && !line.file_name.starts_with("\\\\.\\");
}

bool is_sparse(ExtentKind kind) {
  return kind == ExtentKind::vmfs_sparse || kind == ExtentKind::sesparse || kind == ExtentKind::sparse;
}

}  // namespace

model::Reference Loader::refer(const Spot& folder, const std::string& written) {
  model::Reference reference{.written = written, .file = {}};
  const auto resolved = tree_.resolve(folder, written);
  if (!resolved) return reference;
  reference.file = file_at(resolved->spot, resolved->seen);
  reference.by_tail = resolved->by_tail;
  return reference;
}

std::optional<Spot> Loader::folder_named(const Spot& folder, const std::string& written) const {
  if (written.empty() || written == ".") return std::nullopt;
  const auto resolved = tree_.resolve(folder, written);
  if (!resolved) return std::nullopt;
  return resolved->spot;
}

void Loader::load_by_reference() {
  make_room();
  do {
    fetch_wanted();
    refer_from_all();
    if (wanted_.empty()) want_unclaimed_data();
  } while (!wanted_.empty());
  collect_tracking_files();
}

void Loader::refer_from_all() {
  refer_from_machines();
  refer_from_snapshot_lists();
  refer_from_descriptors();
}

void Loader::refer_from_machines() {
  for (; machines_done_ < datastore_.virtual_machines.size(); ++machines_done_) {
    model::VirtualMachine& machine = datastore_.virtual_machines[machines_done_];
    const Spot folder = folder_of(spots_[machine.file]);
    for (model::Disk& disk : machine.disks) {
      disk.chain.push_back({.reference = refer(folder, disk.settings.file_name), .descriptor = {}});
      want_disk(disk.chain.front().reference);
    }
  }
}

void Loader::refer_from_snapshot_lists() {
  for (; snapshot_files_done_ < datastore_.snapshot_files.size(); ++snapshot_files_done_) {
    model::SnapshotFile& list = datastore_.snapshot_files[snapshot_files_done_];
    if (!list.content) continue;
    const Spot folder = folder_of(spots_[list.file]);
    for (const formats::vmsd::Snapshot& snapshot : list.content->snapshots) {
      for (const formats::vmsd::FrozenDisk& disk : snapshot.disks) {
        list.frozen.push_back(refer(folder, disk.file_name));
        want_disk(list.frozen.back());
      }
    }
  }
}

void Loader::refer_from_descriptors() {
  for (; descriptors_done_ < datastore_.descriptors.size(); ++descriptors_done_) {
    refer_from(datastore_.descriptors[descriptors_done_]);
  }
}

void Loader::refer_from(model::Descriptor& descriptor) {
  const Spot folder = folder_of(spots_[descriptor.file]);
  for (const formats::vmdk::ExtentLine& line : descriptor.content.extents) {
    model::Extent extent{.line = line};
    if (names_a_file(line)) {
      extent.reference = refer(folder, line.file_name);
      want_extent(extent);
    }
    descriptor.extents.push_back(std::move(extent));
  }
  if (!descriptor.content.parent_hint.empty()) {
    descriptor.parent = refer(folder, descriptor.content.parent_hint);
    want_disk(*descriptor.parent);
  }
  if (descriptor.content.change_track_path && !descriptor.content.change_track_path->empty()) {
    descriptor.tracking = refer(folder, *descriptor.content.change_track_path);
    if (descriptor.tracking->file) want({*descriptor.tracking->file, Reading::disk, head_bytes, true});
  }
}

void Loader::want_disk(const model::Reference& reference) {
  if (reference.file) want({*reference.file, Reading::disk, head_bytes});
}

void Loader::want_extent(const model::Extent& extent) {
  if (!extent.reference->file) return;
  claimed_[*extent.reference->file] = true;
  if (is_sparse(extent.line.kind)) {
    want({*extent.reference->file, Reading::disk, sparse_head_bytes, true});
  } else {
    want({*extent.reference->file, Reading::status, 0});
  }
}

// A name such as "x-flat.vmdk" that nobody refers to may still be a descriptor or a CTK file.
void Loader::want_unclaimed_data() {
  for (std::size_t place = 0; place < datastore_.targets.size(); ++place) {
    for (const Folder& folder : tree_.folders(place)) {
      for (const storage::Entry& entry : folder.entries) {
        if (entry.type != storage::EntryType::file) continue;
        const NameHint hint = hint_of(entry.name);
        if (hint != NameHint::disk_data && hint != NameHint::flat) continue;
        const Index file = file_at({place, storage::join(folder.path, entry.name)}, {&entry, &folder, {}});
        if (claimed_[file]) continue;
        claimed_[file] = true;
        if (hint == NameHint::flat) asked_[file] = false;  // it was asked for its size alone
        want({file, Reading::disk, head_bytes, true});
      }
    }
  }
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
  for (Index file = 0; file < datastore_.files.size(); ++file) {
    const auto kind = datastore_.files[file].kind;
    const bool is_no_other_kind = !kind || *kind == FileKind::data || *kind == FileKind::empty;
    const std::string disk = disk_of_tracking(storage::file_name(spots_[file].path));
    if (kind != FileKind::ctk && (disk.empty() || !is_no_other_kind || !datastore_.files[file].exists)) continue;
    model::TrackingFile& tracking = note(file);
    if (disk.empty()) continue;
    const Spot beside{spots_[file].place, storage::join(storage::parent_of(spots_[file].path), disk)};
    if (const Lookup seen = tree_.look_up(beside); seen.entry != nullptr) tracking.disk = file_at(beside, seen);
  }
  for (Index i = 0; i < datastore_.descriptors.size(); ++i) {
    const auto& tracking = datastore_.descriptors[i].tracking;
    if (tracking && tracking->file) note(*tracking->file).named_by.push_back(i);
  }
}

}  // namespace cbtctl::discovery
