// What was read, as members of the model, with every name that it holds of another file.
#include <utility>

#include "discovery/decode.h"
#include "discovery/loader.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::discovery {
namespace {

using formats::FileKind;
using formats::vmdk::ExtentKind;
namespace core = formats::core;
using model::Error;
using model::ErrorKind;
using model::Index;

// "vsan://...", "vvol://...": an object and no file.
bool names_a_file(const formats::vmdk::ExtentLine& line) {
  return line.kind != ExtentKind::zero && !line.file_name.empty() && line.file_name.find("://") == std::string::npos &&
         !line.file_name.starts_with("/dev/") && !line.file_name.starts_with("\\\\.\\");
}

void add_references(model::Descriptor& descriptor) {
  const formats::vmdk::Descriptor& content = descriptor.content;
  descriptor.extents.reserve(content.extents.size());
  for (const formats::vmdk::ExtentLine& line : content.extents) {
    model::Extent& extent = descriptor.extents.emplace_back(model::Extent{.line = line, .reference = {}});
    if (content.is_embedded) {
      extent.reference = {.written = line.file_name, .file = descriptor.file};
    } else if (names_a_file(line)) {
      extent.reference = {.written = line.file_name};
    }
  }
  if (!content.parent_hint.empty()) descriptor.parent = {.written = content.parent_hint};
  for (const std::string& sidecar : content.sidecars) descriptor.sidecars.push_back({.written = sidecar});
  if (content.change_track_path && !content.change_track_path->empty()) {
    descriptor.tracking = {.written = *content.change_track_path};
  }
}

bool is_template_name(std::string_view path) {
  return formats::vmware::parse_name(formats::core::file_name(path)).kind ==
         formats::vmware::NameKind::machine_template;
}

}  // namespace

void Loader::add_machine(Index file, core::Result<formats::vmx::Configuration> settings) {
  model::File& subject = datastore_.files[file];
  model::VirtualMachine machine{.file = file, .is_template = is_template_name(subject.path)};
  if (!settings) {
    subject.error = settings.error();
    machine.unreadable = subject.error;
  } else {
    machine.settings = std::move(*settings);
    if (machine.settings.encrypted) machine.unreadable = Error{ErrorKind::encrypted, "is encrypted"};
  }
  std::vector<formats::vmx::Disk> disks = std::exchange(machine.settings.disks, {});
  if (machine.unreadable) disks.clear();
  machine.disks.reserve(disks.size());
  for (formats::vmx::Disk& disk : disks) {
    model::Disk& added = machine.disks.emplace_back();
    added.chain.emplace_back().reference.written = disk.file_name;
    added.settings = std::move(disk);
  }
  datastore_.virtual_machines.push_back(std::move(machine));
}

void Loader::add_snapshot_list(Index file, core::Result<formats::vmsd::SnapshotList> content) {
  model::SnapshotFile list{.file = file, .content = {}};
  model::File& subject = datastore_.files[file];
  if (content) {
    list.content = std::move(*content);
    for (const formats::vmsd::Snapshot& snapshot : list.content->snapshots) {
      for (const formats::vmsd::FrozenDisk& disk : snapshot.disks) list.frozen.push_back({.written = disk.file_name});
      if (!snapshot.state_file_name.empty()) list.states.push_back({.written = snapshot.state_file_name});
    }
  } else {
    subject.error = content.error();
  }
  datastore_.snapshot_files.push_back(std::move(list));
}

void Loader::add_disk(Index file, DecodedDisk& disk) {
  model::File& subject = datastore_.files[file];
  subject.kind = disk.kind;
  subject.error = disk.error;
  if (disk.descriptor) {
    model::Descriptor descriptor{.file = file, .content = std::move(*disk.descriptor)};
    descriptor.judged = formats::vmware::is_called_vmdk(subject.path);
    add_references(descriptor);
    subject.descriptor = datastore_.descriptors.size();
    datastore_.descriptors.push_back(std::move(descriptor));
  }
  if (disk.sparse) {
    subject.sparse = datastore_.sparse_extents.size();
    datastore_.sparse_extents.push_back(std::move(*disk.sparse));
  }
  if (disk.kind == FileKind::ctk) {  // without a header where it is too short for one
    subject.tracking = datastore_.tracking_files.size();
    datastore_.tracking_files.push_back({.file = file, .header = disk.tracking, .named_by = {}});
  }
}

}  // namespace cbtctl::discovery
