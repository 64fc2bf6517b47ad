#include "cli/finding_filter.h"

#include <algorithm>
#include <array>

#include "analysis/catalogue.h"
#include "formats/core/path.h"

namespace cbtctl::cli {
namespace {

using analysis::Code;
using analysis::Finding;
using formats::core::parent_of;

bool contains(const std::vector<std::string>& codes, std::string_view code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// What lies in the folder of a selected machine belongs to the selection, whoever it is that uses it.
bool is_selected(const Scanned& scanned, const Finding& finding) {
  if (scanned.selection.is_all()) return true;
  if (!finding.slot.empty() && !scanned.selection.has_slot(finding.slot)) return false;
  const auto& machines = scanned.datastore.virtual_machines;
  const auto has = [&](model::Index machine) { return scanned.selection.has(machines[machine]); };
  if (finding.machine) return has(*finding.machine);
  if (!finding.machines.empty()) return std::any_of(finding.machines.begin(), finding.machines.end(), has);
  return std::any_of(machines.begin(), machines.end(), [&](const model::VirtualMachine& machine) {
    const model::File& file = scanned.datastore.files[machine.file];
    return file.target == finding.target && parent_of(file.path) == parent_of(finding.path) &&
           scanned.selection.has(machine);
  });
}

}  // namespace

std::optional<int> threshold_of(const std::string& text) {
  constexpr std::array<std::string_view, 5> names{"note", "warning", "error", "critical", "none"};
  const auto found = std::find(names.begin(), names.end(), text);
  return found == names.end() ? std::nullopt : std::optional(static_cast<int>(found - names.begin()));
}

bool reaches(const std::vector<Finding>& found, int threshold) {
  return std::any_of(found.begin(), found.end(),
                     [&](const Finding& finding) { return static_cast<int>(finding.severity) >= threshold; });
}

FindingFilter::FindingFilter(const CommandLine& line)
    : only_(line.list("only")), except_(line.list("except")), deep_(line.has("deep")) {}

std::optional<std::string> FindingFilter::unknown_code() const {
  for (const auto* codes : {&only_, &except_}) {
    for (const std::string& code : *codes) {
      if (analysis::find_row(code) == nullptr) return code;
    }
  }
  return std::nullopt;
}

bool FindingFilter::has_code(std::string_view code) const {
  return (only_.empty() || contains(only_, code)) && !contains(except_, code);
}

void FindingFilter::apply(const Scanned& scanned, analysis::Findings& findings) const {
  std::erase_if(findings.found, [&](const Finding& finding) {
    return !has_code(analysis::row_of(finding.code).name) || !is_selected(scanned, finding);
  });
  const auto& machines = scanned.datastore.virtual_machines;
  std::erase_if(findings.skipped, [&](const analysis::Skipped& skipped) {
    return skipped.machine && !scanned.selection.has(machines[*skipped.machine]);
  });
}

bool FindingFilter::looks_for(const Scanned& scanned, const report::Baseline::Known& known) const {
  const auto& targets = scanned.datastore.targets;
  const bool is_lost =
      std::any_of(targets.begin(), targets.end(), [](const auto& target) { return target.error.has_value(); });
  const bool takes_deep = known.code == analysis::row_of(Code::ctk_epoch_ahead).name;
  if (is_lost || !has_code(known.code) || (takes_deep && !deep_)) return false;
  if (scanned.selection.is_all()) return true;
  const auto& machines = scanned.datastore.virtual_machines;
  return (known.disk.empty() || scanned.selection.has_slot(known.disk)) &&
         std::any_of(machines.begin(), machines.end(), [&](const model::VirtualMachine& machine) {
           return scanned.datastore.files[machine.file].path == known.vm && scanned.selection.has(machine);
         });
}

}  // namespace cbtctl::cli
