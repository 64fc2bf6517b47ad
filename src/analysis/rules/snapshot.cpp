// The snapshot list against the disks: deltas that no snapshot lists, and listed disks that are gone.
#include <algorithm>
#include <map>
#include <set>

#include "analysis/subject.h"
#include "model/same_machine.h"

namespace cbtctl::analysis {
namespace {

// By a descriptor's file: the deltas that name it as their parent.
using Deltas = std::multimap<model::Index, model::Index>;

Deltas deltas_of_all(const Subject& subject) {
  Deltas deltas;
  for (const model::Descriptor& descriptor : subject.datastore.descriptors) {
    if (descriptor.judged && descriptor.parent && descriptor.parent->file)
      deltas.emplace(*descriptor.parent->file, descriptor.file);
  }
  return deltas;
}

bool has_machine_on(const Subject& subject, model::Index delta, model::Index besides) {
  const std::span<const Use> uses = subject.uses_of(delta);
  return std::any_of(uses.begin(), uses.end(), [&](const Use& use) {
    return subject.is_another(use.disk->machine, besides) && !model::keeps_nothing(*use.disk->disk);
  });
}

bool is_list_unread(const Subject& subject, const model::VirtualMachine& machine) {
  return machine.snapshot_file && !subject.datastore.snapshot_files[*machine.snapshot_file].content;
}

// An own delta on an own parent that no snapshot froze: a snapshot was removed from the list and not merged. Where
// another machine runs on another delta of that parent, both were made as instant clones are; where such a delta is
// there and its machine is not, it may have been.
void check_listed(const Subject& subject, const JudgedDisk& judged, const Deltas& deltas, Findings& out) {
  if (judged.disk->loops || is_list_unread(subject, subject.machine(judged))) return;
  const auto& chain = judged.disk->chain;
  for (std::size_t i = 1; i < chain.size() && chain[i].own; ++i) {
    const auto& parent = chain[i].reference;
    if (!parent.file || !subject.file(*parent.file).exists) continue;
    if (subject.is_frozen_by(judged.machine, *parent.file)) continue;
    Finding finding = about(Code::snapshot_not_listed, subject, judged);
    bool is_shared = false;
    const auto [first, last] = deltas.equal_range(*parent.file);
    for (auto delta = first; delta != last; ++delta) {
      if (delta->second == chain[i - 1].reference.file) continue;
      is_shared |= has_machine_on(subject, delta->second, judged.machine);
      if (!subject.uses_of(delta->second).empty() || !subject.freezings_of(delta->second).empty()) continue;
      finding.severity = Severity::note;
      finding.evidence.push_back({"another delta of " + parent.written, {}, subject.file(delta->second).path});
    }
    if (is_shared) continue;
    finding.evidence.insert(finding.evidence.begin(),
                            {"disk", "a snapshot that froze " + parent.written, chain[i - 1].reference.written});
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
  const Deltas deltas = deltas_of_all(subject);
  for (const JudgedDisk& judged : subject.disks) check_listed(subject, judged, deltas, out);
  for (const model::SnapshotFile& list : subject.datastore.snapshot_files) check_listed_disks(subject, list, out);
}

}  // namespace cbtctl::analysis
