// The snapshot list against the disks: deltas that no snapshot lists, and listed disks that are gone.
#include <set>
#include <vector>

#include "analysis/subject.h"

namespace cbtctl::analysis {
namespace {

// Of every list: a copy of a .vmx under another name has none of its own.
std::vector<bool> frozen_files(const Subject& subject) {
  std::vector<bool> frozen(subject.datastore.files.size());
  for (const model::SnapshotFile& list : subject.datastore.snapshot_files) {
    for (const model::Reference& reference : list.frozen) {
      if (reference.file) frozen[*reference.file] = true;
    }
  }
  return frozen;
}

bool is_list_unread(const Subject& subject, const model::VirtualMachine& machine) {
  return machine.snapshot_file && !subject.datastore.snapshot_files[*machine.snapshot_file].content;
}

// An own delta on an own parent that no snapshot froze: a snapshot was removed from the list and not merged.
void check_listed(const Subject& subject, const JudgedDisk& judged, const std::vector<bool>& frozen, Findings& out) {
  if (judged.disk->loops || is_list_unread(subject, subject.machine(judged))) return;
  const auto& chain = judged.disk->chain;
  for (std::size_t i = 1; i < chain.size() && chain[i].own; ++i) {
    const auto& parent = chain[i].reference;
    if (!parent.file || !subject.file(*parent.file).exists || frozen[*parent.file]) continue;
    Finding finding = about(Code::snapshot_not_listed, subject, judged);
    finding.evidence.push_back({"disk", "a snapshot that froze " + parent.written, chain[i - 1].reference.written});
    out.found.push_back(std::move(finding));
    return;
  }
}

void check_listed_disks(const Subject& subject, const model::SnapshotFile& list, Findings& out) {
  std::set<model::Index> told;
  for (const model::Reference& frozen : list.frozen) {
    if (!frozen.file || subject.file(*frozen.file).exists || !told.insert(*frozen.file).second) continue;
    Finding finding = about(Code::snapshot_disk_missing, subject, list.file);
    finding.key = frozen.written;
    finding.evidence.push_back({"fileName", frozen.written, {}});
    out.found.push_back(std::move(finding));
  }
}

}  // namespace

void check_snapshots(const Subject& subject, Findings& out) {
  const std::vector<bool> frozen = frozen_files(subject);
  for (const JudgedDisk& judged : subject.disks) check_listed(subject, judged, frozen, out);
  for (const model::SnapshotFile& list : subject.datastore.snapshot_files) check_listed_disks(subject, list, out);
}

}  // namespace cbtctl::analysis
