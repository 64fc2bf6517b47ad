// Files that are not what they are used as.
#include <set>

#include "analysis/subject.h"

namespace cbtctl::analysis {
namespace {

void raise(Code code, const Subject& subject, model::Index file, const std::string& expected, const std::string& found,
           Findings& out) {
  Finding finding = about(code, subject, file);
  finding.evidence.push_back({"content", expected, found});
  out.found.push_back(std::move(finding));
}

// Every file that a .vmx, a .vmsd or a delta uses as a disk, once.
std::set<model::Index> used_as_descriptors(const Subject& subject) {
  std::set<model::Index> used;
  const auto use = [&](const model::Reference& reference) {
    if (reference.file) used.insert(*reference.file);
  };
  for (const JudgedDisk& judged : subject.disks) {
    for (const model::ChainLink& link : judged.disk->chain) use(link.reference);
  }
  for (const model::SnapshotFile& list : subject.datastore.snapshot_files) {
    for (const model::Reference& frozen : list.frozen) use(frozen);
  }
  for (const model::Descriptor& descriptor : subject.datastore.descriptors) {
    if (descriptor.judged && descriptor.parent) use(*descriptor.parent);
  }
  return used;
}

void check_descriptor(const Subject& subject, model::Index index, Findings& out) {
  const model::File& file = subject.file(index);
  if (!file.exists || is_unread(file)) return;
  if (file.descriptor) {
    const auto defects = subject.datastore.descriptors[*file.descriptor].content.check();
    if (defects.empty()) return;
    Finding finding = about(Code::descriptor_damaged, subject, index);
    for (const auto& defect : defects) finding.evidence.push_back({defect.field, defect.expected, defect.found});
    out.found.push_back(std::move(finding));
    return;
  }
  const std::string found = file.error  ? file.error->message
                            : file.kind ? std::string(formats::name_of(*file.kind))
                                        : "nothing";
  raise(Code::descriptor_damaged, subject, index, "a descriptor", found, out);
}

}  // namespace

void check_damage(const Subject& subject, Findings& out) {
  const model::Datastore& datastore = subject.datastore;
  for (const model::VirtualMachine& machine : datastore.virtual_machines) {
    if (!machine.unreadable || !is_damage(*machine.unreadable)) continue;
    raise(Code::vmx_damaged, subject, machine.file, "a configuration", machine.unreadable->message, out);
  }
  for (const model::SnapshotFile& list : datastore.snapshot_files) {
    const model::File& file = subject.file(list.file);
    if (!list.content && file.error && is_damage(*file.error)) {
      raise(Code::vmsd_damaged, subject, list.file, "a snapshot list", file.error->message, out);
    }
  }
  for (const model::Index file : used_as_descriptors(subject)) check_descriptor(subject, file, out);
}

}  // namespace cbtctl::analysis
