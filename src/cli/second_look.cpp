#include "cli/second_look.h"

#include <algorithm>
#include <set>

#include "analysis/analyzer.h"
#include "analysis/catalogue.h"
#include "discovery/discover.h"

namespace cbtctl::cli {
namespace {

using analysis::Finding;
using analysis::Findings;

analysis::Opener opener_of(const model::Datastore& datastore, const std::vector<discovery::Place>& places) {
  return [&](model::Index file) -> formats::core::Result<std::unique_ptr<formats::core::ByteSource>> {
    const model::File& wanted = datastore.files[file];
    if (wanted.target >= places.size()) {
      return formats::core::Error{formats::core::ErrorKind::unsupported, "lies in a mapping, which is not read deep"};
    }
    return places[wanted.target].reader->open(wanted.path);
  };
}

Findings analyze(const model::Datastore& datastore, const Scanned& scanned, bool deep) {
  return analysis::analyze(datastore, deep ? opener_of(datastore, scanned.places) : analysis::Opener{});
}

// What an unreadable one has is not judged.
bool may_run(const model::VirtualMachine& machine) {
  const model::PowerState power = machine.power.state;
  return !machine.unreadable && (power == model::PowerState::on || power == model::PowerState::unknown);
}

}  // namespace

Findings look(const Scanned& scanned, bool deep) { return analyze(scanned.datastore, scanned, deep); }

void look_again(const Scanned& scanned, bool deep, Findings& findings) {
  const auto& machines = scanned.datastore.virtual_machines;
  if (findings.found.empty() || std::none_of(machines.begin(), machines.end(), may_run)) return;
  const model::Datastore second = discovery::discover(scanned.places, scanned.mappings, true);
  std::set<std::string> again;
  for (const Finding& finding : analyze(second, scanned, deep).found) again.insert(fingerprint_of(finding));
  std::erase_if(findings.found, [&](const Finding& finding) {
    if (again.contains(fingerprint_of(finding))) return false;
    const std::string code(analysis::row_of(finding.code).name);
    findings.skipped.push_back({finding.path, "changed between two looks: " + code, finding.machine});
    return true;
  });
}

}  // namespace cbtctl::cli
