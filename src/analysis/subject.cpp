#include "analysis/subject.h"

#include <algorithm>
#include <utility>

#include "analysis/catalogue.h"

namespace cbtctl::analysis {
namespace {

using model::Index;

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

void judge_disks(Subject& subject) {
  for (Index i = 0; i < subject.datastore.virtual_machines.size(); ++i) {
    const model::VirtualMachine& machine = subject.datastore.virtual_machines[i];
    for (const model::Disk& disk : machine.disks) {
      subject.disks.push_back({i, &disk, judge(subject.datastore, machine, disk)});
    }
  }
}

void mark_links(Subject& subject) {
  for (const JudgedDisk& judged : subject.disks) {
    const bool runs = subject.machine(judged).power.state != model::PowerState::off;
    for (const model::ChainLink& link : judged.disk->chain) {
      if (!link.descriptor) continue;
      subject.used[*link.descriptor] = true;
      (link.own ? subject.own : subject.foreign)[*link.descriptor] = true;
      if (!runs || !link.own) continue;
      const model::Descriptor& descriptor = subject.datastore.descriptors[*link.descriptor];
      subject.running[descriptor.file] = true;
      for (const model::Extent& extent : descriptor.extents) {
        if (extent.reference && extent.reference->file) subject.running[*extent.reference->file] = true;
      }
    }
  }
  for (std::size_t i = 0; i < subject.own.size(); ++i) subject.foreign[i] = subject.foreign[i] && !subject.own[i];
}

void mark_used(Subject& subject) {
  const auto use = [&](const model::Reference& reference) {
    if (!reference.file) return;
    if (const auto descriptor = subject.file(*reference.file).descriptor) subject.used[*descriptor] = true;
  };
  for (const model::SnapshotFile& list : subject.datastore.snapshot_files) {
    for (const model::Reference& frozen : list.frozen) use(frozen);
  }
  for (const model::Descriptor& descriptor : subject.datastore.descriptors) {
    if (descriptor.parent) use(*descriptor.parent);
  }
}

// A text that names disks, of which nothing can be told: what it names must not be called an orphan.
void note_unread(Subject& subject) {
  const auto note = [&](const model::File& file, bool configuration) {
    subject.damaged_folders.insert(folder_key(file.target, file.path));
    (configuration ? subject.unread_configuration : subject.unread_descriptor) = true;
  };
  const model::Datastore& datastore = subject.datastore;
  for (const model::VirtualMachine& machine : datastore.virtual_machines) {
    if (machine.unreadable) note(datastore.files[machine.file], true);
  }
  for (const model::SnapshotFile& list : datastore.snapshot_files) {
    if (!list.content) note(datastore.files[list.file], true);
  }
  for (const model::File& file : datastore.files) {
    const bool could_be = file.path.ends_with(".vmdk") && !file.path.ends_with("-flat.vmdk") && !file.tracking &&
                          !file.path.ends_with("-ctk.vmdk") && file.exists;
    if (!could_be || file.descriptor || file.sparse) continue;
    const bool names_data = file.path.ends_with("-delta.vmdk") || file.path.ends_with("-sesparse.vmdk");
    constexpr std::uint64_t greatest = 1 << 20;
    const bool is_small = !file.size_bytes || *file.size_bytes < greatest;
    if (file.error ? file.error->kind != formats::core::ErrorKind::missing : file.kind && is_small && !names_data) {
      note(file, false);
    }
  }
  for (const model::File& folder : datastore.unreadable_folders) {
    subject.damaged_folders.insert(std::to_string(folder.target) + '/' + folder.path);
    subject.unread_configuration = subject.unread_descriptor = true;
  }
}

}  // namespace

std::string folder_key(Index target, std::string_view path) {
  return std::to_string(target) + '/' + std::string(folder_of(path));
}

bool Subject::is_silenced(const model::File& about) const {
  return !damaged_folders.empty() && damaged_folders.contains(folder_key(about.target, about.path));
}

Subject make_subject(const model::Datastore& datastore, const Opener& opener) {
  Subject subject{.datastore = datastore, .opener = opener};
  subject.used.resize(datastore.descriptors.size());
  subject.own.resize(datastore.descriptors.size());
  subject.foreign.resize(datastore.descriptors.size());
  subject.running.resize(datastore.files.size());
  judge_disks(subject);
  mark_links(subject);
  mark_used(subject);
  note_unread(subject);
  return subject;
}

Finding about(Code code, const model::File& file) {
  const Row& row = row_of(code);
  Finding finding{.code = code, .severity = row.severity, .fix = row.fix};
  finding.target = file.target;
  finding.path = file.path;
  return finding;
}

Finding about(Code code, const Subject& subject, const JudgedDisk& judged) {
  Finding finding = about(code, subject.file(subject.machine(judged).file));
  finding.machine = judged.machine;
  finding.slot = judged.disk->settings.slot;
  return finding;
}

}  // namespace cbtctl::analysis
