// The snapshot list against the disks: deltas that no snapshot lists, and listed disks that are gone.
#include <algorithm>
#include <span>

#include "analysis/subject.h"

namespace cbtctl::analysis {
namespace {

bool is_frozen(std::span<const model::Reference> frozen, model::Index file) {
  return std::any_of(frozen.begin(), frozen.end(),
                     [&](const model::Reference& reference) { return reference.file == file; });
}

// An own delta on an own parent that no snapshot froze: a snapshot was removed from the list and not merged.
void check_listed(const Subject& subject, const JudgedDisk& judged, Findings& out) {
  if (judged.disk->loops) return;
  const model::VirtualMachine& machine = subject.machine(judged);
  std::span<const model::Reference> frozen;
  if (machine.snapshot_file) {
    const model::SnapshotFile& list = subject.datastore.snapshot_files[*machine.snapshot_file];
    if (!list.content) return;  // told as damaged or skipped
    frozen = list.frozen;
  }
  const auto& chain = judged.disk->chain;
  for (std::size_t i = 1; i < chain.size() && chain[i].own; ++i) {
    const auto& parent = chain[i].reference;
    if (!parent.file || !subject.file(*parent.file).exists || is_frozen(frozen, *parent.file)) continue;
    Finding finding = about(Code::snapshot_not_listed, subject, judged);
    finding.evidence.push_back({"disk", "a snapshot that froze " + parent.written, chain[i - 1].reference.written});
    out.found.push_back(std::move(finding));
    return;
  }
}

}  // namespace

void check_snapshots(const Subject& subject, Findings& out) {
  for (const JudgedDisk& judged : subject.disks) check_listed(subject, judged, out);
  for (const model::SnapshotFile& list : subject.datastore.snapshot_files) {
    std::vector<model::Index> told;
    for (const model::Reference& frozen : list.frozen) {
      if (!frozen.file || subject.file(*frozen.file).exists) continue;
      if (std::find(told.begin(), told.end(), *frozen.file) != told.end()) continue;
      told.push_back(*frozen.file);
      Finding finding = about(Code::snapshot_disk_missing, subject.file(list.file));
      finding.key = frozen.written;
      finding.evidence.push_back({"fileName", frozen.written, {}});
      out.found.push_back(std::move(finding));
    }
  }
}

}  // namespace cbtctl::analysis
