#include "analysis/analyzer.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "analysis/subject.h"

namespace cbtctl::analysis {
namespace {

using Rule = void (*)(const Subject&, Findings&);
constexpr std::array<Rule, 9> rules{check_damage,         check_keys,    check_tracking_sections,
                                    check_tracking_files, check_chains,  check_snapshots,
                                    check_extents,        check_orphans, check_advisories};

void skip_unreadable(const model::Datastore& datastore, Findings& out) {
  const auto skip = [&](const model::File& file, const formats::core::Error& error) {
    out.skipped.push_back({file.path, error.message});
  };
  for (const model::VirtualMachine& machine : datastore.virtual_machines) {
    if (machine.unreadable && !is_damage(*machine.unreadable)) skip(datastore.files[machine.file], *machine.unreadable);
  }
  for (const model::SnapshotFile& list : datastore.snapshot_files) {
    const auto& error = datastore.files[list.file].error;
    if (!list.content && error && !is_damage(*error)) skip(datastore.files[list.file], *error);
  }
  for (const model::File& folder : datastore.unreadable_folders) {
    out.skipped.push_back({folder.path.empty() ? "." : folder.path, folder.error->message});
  }
}

// What a host has and the scan has not: questions without an answer, and machines without files.
void skip_unknown_to_hosts(const model::Datastore& datastore, Findings& out) {
  for (const model::Target& target : datastore.targets) {
    if (!target.inventory) continue;
    for (const model::Unanswered& unanswered : target.inventory->unanswered) {
      out.skipped.push_back({unanswered.question + " of " + target.location, unanswered.error.message});
    }
    if (!target.inventory->registered) continue;
    for (const model::RegisteredMachine& machine : *target.inventory->registered) {
      if (!machine.is_missing) continue;
      out.skipped.push_back(
          {machine.path, "is registered on " + target.location + " as " + machine.id + ", and not there"});
    }
  }
}

// Each disk belongs to a machine: a finding about a descriptor or extent names the machine that runs on it.
void name_machines(const Subject& subject, Findings& out) {
  for (Finding& finding : out.found) {
    if (finding.machine) continue;
    for (const JudgedDisk& judged : subject.disks) {
      const bool runs_on_it = std::any_of(judged.disk->chain.begin(), judged.disk->chain.end(), [&](const auto& link) {
        return link.own && link.reference.file && subject.file(*link.reference.file).path == finding.path &&
               subject.file(*link.reference.file).target == finding.target;
      });
      if (!runs_on_it) continue;
      finding.machine = judged.machine;
      if (finding.slot.empty()) finding.slot = judged.disk->settings.slot;
      break;
    }
  }
}

}  // namespace

Findings analyze(const model::Datastore& datastore, const Opener& opener) {
  const Subject subject = make_subject(datastore, opener);
  Findings out;
  skip_unreadable(datastore, out);
  skip_unknown_to_hosts(datastore, out);
  for (const Rule rule : rules) rule(subject, out);
  name_machines(subject, out);
  const auto order = [](const Finding& finding) {
    return std::tie(finding.target, finding.path, finding.code, finding.slot, finding.key);
  };
  std::sort(out.found.begin(), out.found.end(),
            [&](const Finding& a, const Finding& b) { return order(a) < order(b); });
  return out;
}

}  // namespace cbtctl::analysis
