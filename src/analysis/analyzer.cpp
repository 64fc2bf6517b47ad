#include "analysis/analyzer.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "analysis/subject.h"

namespace cbtctl::analysis {
namespace {

using Rule = void (*)(const Subject&, Findings&);
constexpr std::array<Rule, 12> rules{check_damage,         check_keys,
                                     check_disk_keys,      check_tracking_sections,
                                     check_tracking_files, check_unnamed_tracking_files,
                                     check_format,         check_chains,
                                     check_snapshots,      check_extents,
                                     check_orphans,        check_advisories};

// What is encrypted, in use or could not be read raises nothing.
void skip_unread(const Subject& subject, Findings& out) {
  const model::Datastore& datastore = subject.datastore;
  for (model::Index i = 0; i < datastore.virtual_machines.size(); ++i) {
    const model::VirtualMachine& machine = datastore.virtual_machines[i];
    if (machine.unreadable && machine.unreadable->kind == model::ErrorKind::encrypted) {
      out.skipped.push_back({subject.file(machine.file).path, machine.unreadable->message, i});
    }
  }
  for (model::Index i = 0; i < datastore.files.size(); ++i) {
    const model::File& file = datastore.files[i];
    if (is_unread(file)) out.skipped.push_back({file.path, file.error->message, subject.owners[i].machine});
  }
  for (const model::File& folder : datastore.unreadable_folders) {
    out.skipped.push_back({folder.path.empty() ? "." : folder.path, folder.error->message, {}});
  }
}

// What a host has and the scan has not: questions without an answer, and machines without files.
void skip_unknown_to_hosts(const model::Datastore& datastore, Findings& out) {
  for (const model::Target& target : datastore.targets) {
    if (!target.inventory) continue;
    for (const model::Unanswered& unanswered : target.inventory->unanswered) {
      out.skipped.push_back({unanswered.question + " of " + target.location, unanswered.error.message, {}});
    }
    if (!target.inventory->registered) continue;
    for (const model::RegisteredMachine& machine : *target.inventory->registered) {
      if (!machine.is_missing && !machine.is_elsewhere) continue;
      const std::string why = machine.is_missing ? ", and not there" : ", on no datastore of this host";
      out.skipped.push_back({machine.path, "is registered on " + target.location + " as " + machine.id + why, {}});
    }
    for (const std::string& path : target.inventory->doubted_paths) {
      out.skipped.push_back({path, "what " + target.location + " has registered there is told in two ways", {}});
    }
  }
}

}  // namespace

Findings analyze(const model::Datastore& datastore, const Opener& opener) {
  const Subject subject = make_subject(datastore, opener);
  Findings out;
  skip_unread(subject, out);
  skip_unknown_to_hosts(datastore, out);
  for (const Rule rule : rules) rule(subject, out);
  const auto order = [](const Finding& finding) {
    return std::tie(finding.target, finding.path, finding.code, finding.slot, finding.key);
  };
  std::sort(out.found.begin(), out.found.end(),
            [&](const Finding& a, const Finding& b) { return order(a) < order(b); });
  std::stable_sort(out.skipped.begin(), out.skipped.end(),
                   [](const Skipped& a, const Skipped& b) { return a.what < b.what; });
  return out;
}

}  // namespace cbtctl::analysis
