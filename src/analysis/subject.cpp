#include "analysis/subject.h"

#include <algorithm>
#include <utility>

#include "analysis/catalogue.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"
#include "model/same_machine.h"

namespace cbtctl::analysis {
namespace {

using formats::vmware::is_called_vmdk;
using formats::vmware::is_whole_extent;
using formats::vmware::NameKind;
using model::Index;

std::string folder_key(Index target, std::string_view folder) {
  return std::to_string(target) + '/' + std::string(folder);
}
std::string folder_key(const model::File& file) { return folder_key(file.target, formats::core::parent_of(file.path)); }

void judge_disks(Subject& subject) {
  for (Index i = 0; i < subject.datastore.virtual_machines.size(); ++i) {
    const model::VirtualMachine& machine = subject.datastore.virtual_machines[i];
    for (const model::Disk& disk : machine.disks) {
      subject.disks.push_back({i, &disk, judge(subject.datastore, machine, disk)});
    }
  }
}

// The first disk that has a file keeps it.
void own_link(Subject& subject, const JudgedDisk& judged, const model::Descriptor& descriptor) {
  const model::PowerState power = subject.machine(judged).power.state;
  const bool may_run = power == model::PowerState::on || power == model::PowerState::unknown;
  const auto own = [&](Index file) {
    Owner& owner = subject.owners[file];
    if (owner.disk == nullptr) owner = {judged.machine, &judged};
    if (may_run) subject.running[file] = true;
  };
  own(descriptor.file);
  if (descriptor.tracking && descriptor.tracking->file) own(*descriptor.tracking->file);
  for (const model::Extent& extent : descriptor.extents) {
    if (extent.reference && extent.reference->file) own(*extent.reference->file);
  }
}

// Of a file that two machines have the one that it lies with is told.
bool lies_with(const Subject& subject, const JudgedDisk& judged, const model::ChainLink& link) {
  return lies_beside(subject.file(subject.machine(judged).file), subject.file(*link.reference.file));
}

void own_links(Subject& subject, bool of_the_folder) {
  for (const JudgedDisk& judged : subject.disks) {
    for (const model::ChainLink& link : judged.disk->chain) {
      if (!link.own || !link.reference.file || lies_with(subject, judged, link) != of_the_folder) continue;
      Owner& owner = subject.owners[*link.reference.file];
      if (owner.disk == nullptr) owner = {judged.machine, &judged};  // also of a descriptor that is none
      if (link.descriptor) own_link(subject, judged, subject.datastore.descriptors[*link.descriptor]);
    }
  }
}

void mark_links(Subject& subject) {
  std::vector<bool> own(subject.datastore.descriptors.size());
  for (const JudgedDisk& judged : subject.disks) {
    for (std::size_t depth = 0; depth < judged.disk->chain.size(); ++depth) {
      const model::ChainLink& link = judged.disk->chain[depth];
      if (link.reference.file) subject.uses.push_back({*link.reference.file, &judged, depth});
      if (!link.descriptor) continue;
      subject.used[*link.descriptor] = true;
      (link.own ? own : subject.foreign)[*link.descriptor] = true;
    }
  }
  for (std::size_t i = 0; i < own.size(); ++i) subject.foreign[i] = subject.foreign[i] && !own[i];
  std::stable_sort(subject.uses.begin(), subject.uses.end(),
                   [](const Use& a, const Use& b) { return a.file < b.file; });
  own_links(subject, true);
  own_links(subject, false);
}

void mark_frozen(Subject& subject) {
  for (Index list = 0; list < subject.datastore.snapshot_files.size(); ++list) {
    for (const model::Reference& frozen : subject.datastore.snapshot_files[list].frozen) {
      if (frozen.file) subject.freezings.push_back({*frozen.file, list});
    }
  }
  std::stable_sort(subject.freezings.begin(), subject.freezings.end(),
                   [](const Freezing& a, const Freezing& b) { return a.file < b.file; });
}

// The members about one file, of those that are sorted by it.
template <typename Member>
std::span<const Member> members_of(const std::vector<Member>& all, Index file) {
  const auto begin = std::lower_bound(all.begin(), all.end(), file,
                                      [](const Member& member, Index wanted) { return member.file < wanted; });
  const auto end = std::find_if(begin, all.end(), [&](const Member& member) { return member.file != file; });
  return {begin, end};
}

void mark_machines(Subject& subject) {
  const auto& machines = subject.datastore.virtual_machines;
  for (Index i = 0; i < machines.size(); ++i) {
    subject.owners[machines[i].file] = {i, nullptr};
    if (machines[i].snapshot_file) {
      subject.owners[subject.datastore.snapshot_files[*machines[i].snapshot_file].file] = {i, nullptr};
    }
    const auto [folder, first] = subject.machine_of_folder.try_emplace(folder_key(subject.file(machines[i].file)), i);
    if (!first) folder->second.reset();
  }
}

void mark_used(Subject& subject) {
  const auto use = [&](const model::Reference& reference, std::optional<Index> by = {}) {
    if (!reference.file) return;
    const auto descriptor = subject.file(*reference.file).descriptor;
    if (descriptor && descriptor != by) subject.used[*descriptor] = true;
  };
  for (const model::SnapshotFile& list : subject.datastore.snapshot_files) {
    for (const model::Reference& frozen : list.frozen) use(frozen);
  }
  for (Index i = 0; i < subject.datastore.descriptors.size(); ++i) {
    const model::Descriptor& descriptor = subject.datastore.descriptors[i];
    if (descriptor.parent) use(*descriptor.parent, i);
    if (descriptor.content.lies_in_objects()) subject.object_folders.insert(folder_key(subject.file(descriptor.file)));
  }
}

// "web01-000002" of "web01-000002.vmdk", "-ctk.vmdk", "-delta.vmdk", ...: the disk that a file is called after.
std::string disk_called(std::string_view path) {
  std::string name = formats::text::lower(formats::core::file_name(path));
  if (is_called_vmdk(name)) name.resize(formats::core::stem_of(name).size());
  for (;;) {
    const std::string disk = name + ".vmdk";
    const auto parsed = formats::vmware::parse_name(disk);
    if (parsed.kind != NameKind::tracking && !is_whole_extent(parsed.kind)) return name;
    name = parsed.stem;
  }
}

void mark_missing(Subject& subject) {
  for (const JudgedDisk& judged : subject.disks) {
    const auto& file = judged.disk->chain.front().reference.file;
    if (!file || subject.file(*file).exists || !subject.missing_disks.insert(*file).second) continue;
    subject.awaited_data.insert(disk_key(subject.file(*file)));
  }
}

void mark_outside(Subject& subject) {
  const auto note = [&](const model::Reference& reference) {
    if (!reference.file) subject.outside_disks.insert(disk_called(reference.written));
  };
  for (const JudgedDisk& judged : subject.disks) {
    for (const model::ChainLink& link : judged.disk->chain) note(link.reference);
  }
  for (const model::SnapshotFile& list : subject.datastore.snapshot_files) {
    for (const model::Reference& frozen : list.frozen) note(frozen);
  }
}

// Of a slot whose file name stands twice only one name was followed.
bool names_another_disk(const model::VirtualMachine& machine) {
  return std::any_of(machine.settings.duplicates.begin(), machine.settings.duplicates.end(), [](const auto& duplicate) {
    return duplicate.values_differ && formats::text::lower(duplicate.key).ends_with(".filename");
  });
}

// By its length; what its content shows to be one, may be damaged by just that.
bool is_too_long_for_a_descriptor(const model::File& file) {
  const bool is_one = file.kind == formats::FileKind::descriptor || file.kind == formats::FileKind::hosted_sparse;
  return !is_one && file.size_bytes && *file.size_bytes > formats::vmdk::max_descriptor_bytes;
}

// Whether it is or could be a descriptor, and what it names is not all known. Of other names than `.vmdk`, which backup
// copies have, locks too, only what could not be read counts.
bool is_unread_descriptor(const model::Datastore& datastore, const model::File& file) {
  if (file.descriptor) return !datastore.descriptors[*file.descriptor].content.check().empty();
  if (!file.exists || (file.sparse && !file.error) || file.tracking || (!file.error && !file.kind)) return false;
  if (file.is_extent || file.kind == formats::FileKind::ctk) return false;
  const NameKind kind = formats::vmware::parse_name(formats::core::file_name(file.path)).kind;
  const bool is_disk_data = is_whole_extent(kind) || is_too_long_for_a_descriptor(file);
  if (is_called_vmdk(file.path)) return !is_disk_data;
  return is_unread(file) && formats::vmware::mentions_a_disk(file.path) && kind != NameKind::lock;
}

// A text that names files, of which nothing or not all can be told: what it names must not be called an orphan.
void mark_unread(Subject& subject) {
  const model::Datastore& datastore = subject.datastore;
  const auto silence = [&](Index file) { subject.silenced_folders.insert(folder_key(datastore.files[file])); };
  for (const model::VirtualMachine& machine : datastore.virtual_machines) {
    if (machine.unreadable || names_another_disk(machine)) silence(machine.file);
  }
  for (const model::SnapshotFile& list : datastore.snapshot_files) {
    if (!list.content) silence(list.file);
  }
  for (Index i = 0; i < datastore.files.size(); ++i) {
    if (!is_unread_descriptor(datastore, datastore.files[i])) continue;
    silence(i);
    subject.unread_descriptor = true;
  }
  for (const model::File& folder : datastore.unreadable_folders) {
    subject.silenced_folders.insert(folder_key(folder.target, folder.path));
    subject.unread_descriptor = true;
  }
}

}  // namespace

std::string disk_key(const model::File& file) {
  return formats::text::lower(folder_key(file)) + '/' + disk_called(file.path);
}

std::span<const Use> Subject::uses_of(Index file) const { return members_of(uses, file); }
std::span<const Freezing> Subject::freezings_of(Index file) const { return members_of(freezings, file); }

bool Subject::is_another(Index machine, Index than) const {
  const auto& machines = datastore.virtual_machines;
  return machine != than && !model::is_same_machine(datastore, machines[machine], machines[than]);
}

bool Subject::is_frozen_by(Index machine, Index file) const {
  const std::span<const Freezing> here = freezings_of(file);
  return std::any_of(here.begin(), here.end(), [&](const Freezing& freezing) {
    const auto& lists = owners[datastore.snapshot_files[freezing.list].file].machine;
    return datastore.virtual_machines[machine].snapshot_file == freezing.list ||
           (lists && !is_another(*lists, machine));
  });
}

std::optional<Index> Subject::machine_beside(const model::File& about) const {
  const auto folder = machine_of_folder.find(folder_key(about));
  return folder == machine_of_folder.end() ? std::nullopt : folder->second;
}

bool Subject::is_awaited(const model::File& about) const {
  return !awaited_data.empty() && awaited_data.contains(disk_key(about));
}

bool Subject::is_silenced(const model::File& about) const {
  return !silenced_folders.empty() && silenced_folders.contains(folder_key(about));
}

Certainty Subject::certainty_of_unnamed(const model::File& about) const {
  const bool could_be =
      unread_descriptor || (!outside_disks.empty() && outside_disks.contains(disk_called(about.path)));
  return could_be ? Certainty::possible : Certainty::hit;
}

bool Subject::lies_among_objects(const model::File& about) const {
  const model::DatastoreType type = datastore_type(datastore, about);
  return type == model::DatastoreType::vsan || type == model::DatastoreType::vvol ||
         (!object_folders.empty() && object_folders.contains(folder_key(about)));
}

Subject make_subject(const model::Datastore& datastore, const Opener& opener) {
  Subject subject{.datastore = datastore, .opener = opener};
  subject.used.resize(datastore.descriptors.size());
  subject.foreign.resize(datastore.descriptors.size());
  subject.running.resize(datastore.files.size());
  subject.owners.resize(datastore.files.size());
  judge_disks(subject);
  mark_links(subject);
  mark_frozen(subject);
  mark_machines(subject);
  mark_used(subject);
  mark_missing(subject);
  mark_outside(subject);
  mark_unread(subject);
  return subject;
}

Finding finding_of(Code code) {
  const Row& row = row_of(code);
  return {.code = code, .severity = row.severity, .fix = row.fix};
}

namespace {

// A file in a mapping lies in no target: that of its machine stands for it.
Index target_of(const Subject& subject, const model::File& file, const Owner& owner) {
  if (file.target < subject.datastore.targets.size()) return file.target;
  return owner.machine ? subject.file(subject.datastore.virtual_machines[*owner.machine].file).target : 0;
}

}  // namespace

Finding about(Code code, const Subject& subject, Index index) {
  const model::File& file = subject.file(index);
  Finding finding = finding_of(code);
  finding.path = file.path;
  const Owner& owner = subject.owners[index];
  finding.machine = owner.machine;
  finding.target = target_of(subject, file, owner);
  if (owner.disk != nullptr) finding.slot = owner.disk->disk->settings.slot;
  if (file.descriptor && subject.foreign[*file.descriptor]) finding.fix = Fix::none;
  return finding;
}

Finding about_unused(Code code, const Subject& subject, Index index) {
  Finding finding = about(code, subject, index);
  if (!finding.machine) finding.machine = subject.machine_beside(subject.file(index));
  return finding;
}

Finding about_active_link(Code code, const Subject& subject, const JudgedDisk& judged) {
  Finding finding = about(code, subject, *judged.disk->chain.front().reference.file);
  finding.machine = judged.machine;
  finding.slot = judged.disk->settings.slot;
  return finding;
}

Finding about(Code code, const Subject& subject, const JudgedDisk& judged) {
  Finding finding = about(code, subject, subject.machine(judged).file);
  finding.slot = judged.disk->settings.slot;
  return finding;
}

}  // namespace cbtctl::analysis
