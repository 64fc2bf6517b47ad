// A snapshot list in itself: whether its entries agree, what ESXi noted in it, and what should not be in it any more.
#include <algorithm>
#include <set>

#include "analysis/subject.h"

namespace cbtctl::analysis {
namespace {

using formats::vmsd::Snapshot;
using formats::vmsd::SnapshotList;

// Of the entries that have one; "0" is no snapshot.
bool leads_nowhere(const std::set<std::string>& uids, const std::string& uid) {
  return !uid.empty() && uid != "0" && !uids.contains(uid);
}

void compare_entries(const SnapshotList& list, std::vector<Evidence>& evidence) {
  std::set<std::string> uids;
  std::int64_t entries = 0;
  for (const Snapshot& snapshot : list.snapshots) {
    if (snapshot.uid.empty()) continue;
    ++entries;
    if (!uids.insert(snapshot.uid).second) evidence.push_back({"uid", "one entry", "two with " + snapshot.uid});
  }
  if (list.declared_count && *list.declared_count != entries) {
    evidence.push_back({"snapshot.numSnapshots", std::to_string(entries), std::to_string(*list.declared_count)});
  }
  if (leads_nowhere(uids, list.current_uid))
    evidence.push_back({"snapshot.current", "the uid of an entry", list.current_uid});
  for (const Snapshot& snapshot : list.snapshots) {
    if (!snapshot.uid.empty() && leads_nowhere(uids, snapshot.parent_uid))
      evidence.push_back({"parent of " + snapshot.uid, "the uid of an entry", snapshot.parent_uid});
  }
}

void check_entries(const Subject& subject, const model::SnapshotFile& list, Findings& out) {
  Finding finding = about(Code::vmsd_inconsistent, subject, list.file);
  compare_entries(*list.content, finding.evidence);
  for (const model::Reference& state : list.states) {
    if (state.file && !subject.file(*state.file).exists) finding.evidence.push_back({"filename", state.written, {}});
  }
  if (!finding.evidence.empty()) out.found.push_back(std::move(finding));
}

// Left over, unless a backup is at work: what was written last beside the list tells how long ago it was made.
void check_temporary(const Subject& subject, const model::SnapshotFile& list, Findings& out) {
  constexpr std::int64_t us_per_day = std::int64_t{24} * 3600 * 1'000'000;
  constexpr std::int64_t days_of_a_backup = 3;
  for (const Snapshot& snapshot : list.content->snapshots) {
    if (!snapshot.is_temporary()) continue;
    Finding finding = about(Code::snapshot_temporary, subject, list.file);
    finding.key = snapshot.uid;
    finding.evidence.push_back({"displayName of " + snapshot.uid, {}, snapshot.display_name});
    if (snapshot.created_us && list.newest_ns) {
      const std::int64_t days = (*list.newest_ns / 1000 - *snapshot.created_us) / us_per_day;
      if (days >= days_of_a_backup) {
        finding.severity = Severity::warning;
        finding.evidence.push_back({"age", "under 3 days", std::to_string(days) + " days"});
      }
    }
    out.found.push_back(std::move(finding));
  }
}

// The list's own note, or else the configuration's.
void check_consolidation(const Subject& subject, const model::VirtualMachine& machine, Findings& out) {
  const model::SnapshotFile* list =
      machine.snapshot_file ? &subject.datastore.snapshot_files[*machine.snapshot_file] : nullptr;
  const bool by_list = list != nullptr && list->content && list->content->need_consolidate;
  if (!by_list && !is_true(machine.settings.need_consolidate)) return;
  Finding finding = about(Code::consolidation_needed, subject, by_list ? list->file : machine.file);
  finding.evidence.push_back({"snapshot.needConsolidate", {}, "TRUE"});
  out.found.push_back(std::move(finding));
}

}  // namespace

void check_snapshot_lists(const Subject& subject, Findings& out) {
  for (const model::SnapshotFile& list : subject.datastore.snapshot_files) {
    if (!list.content) continue;
    check_entries(subject, list, out);
    check_temporary(subject, list, out);
  }
  for (const model::VirtualMachine& machine : subject.datastore.virtual_machines)
    check_consolidation(subject, machine, out);
}

}  // namespace cbtctl::analysis
