// What becomes of each disk by the CBT keys of its machine and its own.
#include <algorithm>

#include "analysis/subject.h"

namespace cbtctl::analysis {
namespace {

// An own delta, or a disk that a snapshot of this VM froze.
bool has_snapshot(const Subject& subject, const JudgedDisk& judged) {
  const auto& chain = judged.disk->chain;
  if (chain.size() > 1 && chain[1].own) return true;
  const auto& list = subject.machine(judged).snapshot_file;
  if (!list || !subject.datastore.snapshot_files[*list].content) return false;
  const auto& snapshots = subject.datastore.snapshot_files[*list].content->snapshots;
  return std::any_of(snapshots.begin(), snapshots.end(), [&](const formats::vmsd::Snapshot& snapshot) {
    return std::any_of(snapshot.disks.begin(), snapshot.disks.end(), [&](const formats::vmsd::FrozenDisk& frozen) {
      return frozen.slot == judged.disk->settings.slot;
    });
  });
}

void raise(Code code, const Subject& subject, const JudgedDisk& judged, Evidence evidence, Findings& out) {
  Finding finding = about(code, subject, judged);
  finding.evidence.push_back(std::move(evidence));
  out.found.push_back(std::move(finding));
}

void check_levels(const Subject& subject, const JudgedDisk& judged, Findings& out) {
  const auto& vm_key = subject.machine(judged).settings.ctk_enabled;
  const auto& key = judged.disk->settings.ctk_enabled;
  const std::string name = judged.disk->settings.slot + ".ctkEnabled";
  const bool is_trackable = judged.verdict.state != CbtState::unsupported && judged.disk->chain.front().own;
  if (is_true(vm_key) && !key && is_trackable) {
    raise(Code::cbt_disk_key_missing, subject, judged, {name, "TRUE or FALSE", {}}, out);
  }
  if (is_true(vm_key) && is_false(key)) {
    raise(Code::cbt_disk_excluded, subject, judged, {name, {}, key->written}, out);
  }
  if (!is_true(vm_key) && is_true(key)) {
    const auto found = vm_key ? std::optional(vm_key->written) : std::nullopt;
    raise(Code::cbt_vm_key_missing, subject, judged, {"ctkEnabled", "TRUE", found}, out);
  }
}

void check_pending(const Subject& subject, const JudgedDisk& judged, Findings& out) {
  if (judged.verdict.state != CbtState::pending) return;
  const Code code = has_snapshot(subject, judged) ? Code::cbt_pending_with_snapshot : Code::cbt_pending;
  raise(code, subject, judged, {"changeTrackPath", "a CTK file", {}}, out);
}

void check_supported(const Subject& subject, const JudgedDisk& judged, Findings& out) {
  if (judged.verdict.state != CbtState::unsupported || !is_true(judged.disk->settings.ctk_enabled)) return;
  Finding finding = about(Code::cbt_unsupported_disk, subject, judged);
  for (const std::string& reason : judged.verdict.reasons) {
    if (reason != unknown_layout) finding.evidence.push_back({"reason", {}, reason});
  }
  if (!finding.evidence.empty()) out.found.push_back(std::move(finding));
}

SkipReason why_unread(const Subject& subject, const JudgedDisk& judged) {
  const auto& active = judged.disk->chain.front().reference.file;
  if (!active) return SkipReason::outside_scan;
  const model::File& file = subject.file(*active);
  return file.error ? reason_of(*file.error) : SkipReason::unreadable;
}

void skip(const Subject& subject, const JudgedDisk& judged, Findings& out) {
  const std::string what = subject.file(subject.machine(judged).file).path + " " + judged.disk->settings.slot;
  for (const std::string& reason : judged.verdict.reasons) {
    out.skipped.push_back({.what = what,
                           .why = reason,
                           .machine = judged.machine,
                           .reason = why_unread(subject, judged),
                           .slot = judged.disk->settings.slot});
  }
}

}  // namespace

void check_disk_keys(const Subject& subject, Findings& out) {
  for (const JudgedDisk& judged : subject.disks) {
    if (judged.verdict.state == CbtState::unreadable) {
      skip(subject, judged, out);
      continue;
    }
    check_levels(subject, judged, out);
    check_pending(subject, judged, out);
    check_supported(subject, judged, out);
  }
}

}  // namespace cbtctl::analysis
