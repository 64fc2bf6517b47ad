#include "analysis/analyzer.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "analysis/subject.h"

namespace cbtctl::analysis {
namespace {

using Rule = void (*)(const Subject&, Findings&);
constexpr std::array<Rule, 15> rules{check_damage,         check_keys,
                                     check_disk_keys,      check_tracking_sections,
                                     check_tracking_files, check_unnamed_tracking_files,
                                     check_format,         check_chains,
                                     check_snapshots,      check_snapshot_lists,
                                     check_extents,        check_orphans,
                                     check_advisories,     check_sharing,
                                     check_missing_disks};

// What is encrypted, in use or could not be read raises nothing.
void skip_unread(const Subject& subject, Findings& out) {
  const model::Datastore& datastore = subject.datastore;
  for (model::Index i = 0; i < datastore.virtual_machines.size(); ++i) {
    const model::VirtualMachine& machine = datastore.virtual_machines[i];
    if (machine.unreadable && machine.unreadable->kind == model::ErrorKind::encrypted) {
      out.skipped.push_back({subject.file(machine.file).path, machine.unreadable->message, i, SkipReason::encrypted});
    }
  }
  for (model::Index i = 0; i < datastore.files.size(); ++i) {
    const model::File& file = datastore.files[i];
    if (is_unread(file)) {
      out.skipped.push_back(
          {file.path, file.error->message, subject.owners[i].machine, reason_of(*file.error), file.target, file.path});
    }
  }
  for (const model::File& folder : datastore.unreadable_folders) out.skipped.push_back(skipped_folder(folder));
}

// A name that leads out of the scan, of whom what depends on it is not told.
void skip_outside(const Subject& subject, Findings& out) {
  const model::Datastore& datastore = subject.datastore;
  const auto skip = [&](model::Index from, const std::string& label, const model::Reference& reference) {
    if (reference.file) return;
    const model::File& file = subject.file(from);
    out.skipped.push_back({.what = file.path,
                           .why = label + " leads outside the scan: " + reference.written,
                           .machine = subject.owners[from].machine,
                           .reason = SkipReason::outside_scan,
                           .target = file.target,
                           .path = file.path});
  };
  for (const model::Descriptor& descriptor : datastore.descriptors) {
    if (!descriptor.judged) continue;
    if (descriptor.parent) skip(descriptor.file, "parentFileNameHint", *descriptor.parent);
    if (descriptor.tracking) skip(descriptor.file, "changeTrackPath", *descriptor.tracking);
    for (const model::Extent& extent : descriptor.extents) {
      if (extent.reference) skip(descriptor.file, "an extent", *extent.reference);
    }
    for (const model::Reference& sidecar : descriptor.sidecars) skip(descriptor.file, "ddb.sidecars", sidecar);
  }
  for (const model::SnapshotFile& list : datastore.snapshot_files) {
    for (const model::Reference& frozen : list.frozen) skip(list.file, "the disk of a snapshot", frozen);
    for (const model::Reference& state : list.states) skip(list.file, "the .vmsn of a snapshot", state);
  }
}

// What a host has and the scan has not: questions without an answer, and machines without files.
void skip_unknown_to_hosts(const model::Datastore& datastore, Findings& out) {
  for (model::Index at = 0; at < datastore.targets.size(); ++at) {
    const model::Target& target = datastore.targets[at];
    if (!target.inventory) continue;
    const auto skip = [&](const std::string& what, const std::string& why) {
      out.skipped.push_back({what, why, {}, SkipReason::untold, at});
    };
    for (const model::Unanswered& unanswered : target.inventory->unanswered) {
      skip(unanswered.question + " of " + target.location, unanswered.error.message);
    }
    if (!target.inventory->registered) continue;
    for (const model::RegisteredMachine& machine : *target.inventory->registered) {
      if (!machine.is_missing && !machine.is_elsewhere) continue;
      const std::string why = machine.is_missing ? ", and not there" : ", on no datastore of this host";
      skip(machine.path, "is registered on " + target.location + " as " + machine.id + why);
    }
    for (const std::string& path : target.inventory->doubted_paths) {
      skip(path, "what " + target.location + " has registered there is told in two ways");
    }
  }
}

}  // namespace

Skipped skipped_folder(const model::File& folder) {
  const std::string path = folder.path.empty() ? "." : folder.path;
  return {path, folder.error->message, {}, reason_of(*folder.error), folder.target, path};
}

void sort(Findings& findings) {
  const auto order = [](const Finding& finding) {
    return std::tie(finding.target, finding.path, finding.code, finding.slot, finding.key);
  };
  std::sort(findings.found.begin(), findings.found.end(),
            [&](const Finding& a, const Finding& b) { return order(a) < order(b); });
  std::stable_sort(findings.skipped.begin(), findings.skipped.end(),
                   [](const Skipped& a, const Skipped& b) { return a.what < b.what; });
}

Findings analyze(const model::Datastore& datastore, const Opener& opener) {
  const Subject subject = make_subject(datastore, opener);
  Findings out;
  skip_unread(subject, out);
  skip_outside(subject, out);
  skip_unknown_to_hosts(datastore, out);
  for (const Rule rule : rules) rule(subject, out);
  sort(out);
  return out;
}

}  // namespace cbtctl::analysis
