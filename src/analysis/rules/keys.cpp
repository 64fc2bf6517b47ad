// The CBT keys of a .vmx at both levels, and what becomes of each disk by them.
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

void check_disk(const Subject& subject, const JudgedDisk& judged, Findings& out) {
  const bool vm_on = is_true(subject.machine(judged).settings.ctk_enabled);
  const auto& key = judged.disk->settings.ctk_enabled;
  const CbtState state = judged.verdict.state;
  const std::string key_name = judged.disk->settings.slot + ".ctkEnabled";
  const auto raise = [&](Code code, Evidence evidence) {
    Finding finding = about(code, subject, judged);
    finding.evidence.push_back(std::move(evidence));
    out.found.push_back(std::move(finding));
  };
  if (state == CbtState::unreadable) {
    const std::string what = subject.file(subject.machine(judged).file).path + " " + judged.disk->settings.slot;
    for (const std::string& reason : judged.verdict.reasons) out.skipped.push_back({what, reason});
    return;
  }
  if (vm_on && !key && state != CbtState::unsupported)
    raise(Code::cbt_disk_key_missing, {key_name, "TRUE or FALSE", {}});
  if (vm_on && is_false(key)) raise(Code::cbt_disk_excluded, {key_name, {}, key->written});
  if (!vm_on && is_true(key)) {
    const auto& vm_key = subject.machine(judged).settings.ctk_enabled;
    raise(Code::cbt_vm_key_missing, {"ctkEnabled", "TRUE", vm_key ? std::optional(vm_key->written) : std::nullopt});
  }
  if (state == CbtState::pending) {
    const bool snapshot = has_snapshot(subject, judged);
    raise(snapshot ? Code::cbt_pending_with_snapshot : Code::cbt_pending, {"changeTrackPath", "a CTK file", {}});
  }
  if (state == CbtState::unsupported && is_true(key)) {
    Finding finding = about(Code::cbt_unsupported_disk, subject, judged);
    for (const std::string& reason : judged.verdict.reasons) {
      if (reason != "layout not known") finding.evidence.push_back({"reason", {}, reason});
    }
    if (!finding.evidence.empty()) out.found.push_back(std::move(finding));
  }
}

void check_malformed(const model::File& file, model::Index machine, const std::optional<formats::vmx::Flag>& flag,
                     const std::string& slot, Findings& out) {
  if (!flag || flag->value) return;
  Finding finding = about(Code::cbt_key_malformed, file);
  finding.machine = machine;
  finding.slot = slot;
  finding.key = formats::text::lower(flag->key);
  finding.evidence.push_back({flag->key, "TRUE or FALSE", flag->written});
  out.found.push_back(std::move(finding));
}

void check_machine(const Subject& subject, model::Index index, Findings& out) {
  const model::VirtualMachine& machine = subject.datastore.virtual_machines[index];
  const model::File& file = subject.file(machine.file);
  const auto raise = [&](Code code, const std::string& key, Evidence evidence) {
    Finding finding = about(code, file);
    finding.machine = index;
    finding.key = key;
    finding.evidence.push_back(std::move(evidence));
    out.found.push_back(std::move(finding));
  };
  check_malformed(file, index, machine.settings.ctk_enabled, {}, out);
  check_malformed(file, index, machine.settings.ctk_disallowed, {}, out);
  for (const model::Disk& disk : machine.disks) {
    check_malformed(file, index, disk.settings.ctk_enabled, disk.settings.slot, out);
  }
  for (const formats::vmx::MisspeltKey& key : machine.settings.misspelt_keys) {
    raise(Code::cbt_key_misspelt, formats::text::lower(key.key), {"key", key.meant, key.key});
  }
  for (const formats::vmx::Flag& flag : machine.settings.keys_for_missing_disks) {
    raise(Code::cbt_key_for_missing_disk, formats::text::lower(flag.key), {flag.key, "a disk", {}});
  }
  if (is_true(machine.settings.ctk_disallowed)) {
    raise(Code::cbt_disallowed, {}, {"ctkDisallowed", {}, machine.settings.ctk_disallowed->written});
  }
  for (const formats::vmx::DuplicateKey& duplicate : machine.settings.duplicates) {
    std::string values;
    for (const std::string& value : duplicate.values) values += (values.empty() ? "" : ", ") + value;
    raise(Code::vmx_duplicate_key, formats::text::lower(duplicate.key), {duplicate.key, "one value", values});
  }
}

}  // namespace

void check_keys(const Subject& subject, Findings& out) {
  for (model::Index i = 0; i < subject.datastore.virtual_machines.size(); ++i) {
    if (!subject.datastore.virtual_machines[i].unreadable) check_machine(subject, i, out);
  }
  for (const JudgedDisk& judged : subject.disks) check_disk(subject, judged, out);
}

}  // namespace cbtctl::analysis
