#include "cli/runs.h"

#include <algorithm>
#include <map>

#include "cli/exit_status.h"
#include "formats/core/path.h"
#include "log/log.h"
#include "storage/local_path.h"

namespace cbtctl::cli {
namespace {

using formats::core::join;
using formats::core::parent_of;

// Copies of version 0.1.0 do not say which machine of their run they are of; its operator's record does.
std::optional<std::size_t> number_of(const repair::MachinePlan& copy, const std::optional<repair::Plan>& recorded) {
  for (const auto& machine : recorded ? recorded->machines : std::vector<repair::MachinePlan>{}) {
    if (machine.vm == copy.vm && machine.roots.front().location == copy.roots.front().location) return machine.number;
  }
  return std::nullopt;
}

// One copy of a plan lies in each folder of its machine. A run of a later version is listed, with what is said of it.
void add_copy(const repair::Spot& folder, const std::string& run, const std::string& name, const PlanPlaces& places,
              const std::optional<repair::Plan>& recorded, repair::RecordedRun& found) {
  const auto text = places.sites[folder.root].writer->read(join(repair::run_folder_of(folder.path, run), name));
  auto plan = text ? repair::plan_from_text(*text) : formats::core::Result<repair::Plan>(text.error());
  if (!plan && plan.error().kind == formats::core::ErrorKind::unsupported) {
    found.trouble = plan.error().message;
    found.is_later = true;
  }
  if (!plan || plan->machines.size() != 1 || plan->id != run) return;
  repair::MachinePlan machine = std::move(plan->machines.front());
  if (!machine.number) machine.number = number_of(machine, recorded);
  if (!repair::bind(machine, run, folder, places.sites))
    return log::error(run + ": a file of " + machine.vm + " lies in none of the targets");
  if (!found.plan) found.plan = repair::Plan{.id = run, .verb = plan->verb};
  const bool known = std::any_of(found.plan->machines.begin(), found.plan->machines.end(), [&](const auto& each) {
    return each.vm == machine.vm && each.roots.front().location == machine.roots.front().location;
  });
  if (!known) found.plan->machines.push_back(std::move(machine));
}

// What lies on the datastore, with the steps of this operator's record where it has any.
std::vector<repair::RecordedRun> runs_on(const model::Datastore& datastore, const PlanPlaces& places) {
  std::map<std::string, repair::RecordedRun> runs;
  std::map<std::string, repair::RecordedRun> records;
  for (const model::Quarantine& quarantine : datastore.quarantine) {
    const repair::Spot folder{quarantine.target, std::string(parent_of(quarantine.path))};
    if (!places.sites[folder.root].writer) continue;
    for (const std::string& run : quarantine.runs) {
      const auto names = repair::is_run_id(run)
                             ? places.sites[folder.root].writer->list(repair::run_folder_of(folder.path, run))
                             : formats::core::Result<std::vector<std::string>>(formats::core::Error{});
      const auto [record, is_new] = records.try_emplace(run);
      if (is_new) record->second = repair::recorded_run(run).value_or(repair::RecordedRun{});
      const repair::RecordedRun& recorded = record->second;
      for (const std::string& name : names ? *names : std::vector<std::string>{}) {
        if (name.ends_with(repair::plan_copy_suffix)) add_copy(folder, run, name, places, recorded.plan, runs[run]);
      }
      if (const auto at = runs.find(run); at != runs.end() && recorded.is_recorded && !recorded.is_later) {
        at->second.steps = recorded.steps;
        at->second.is_recorded = true;
      }
    }
  }
  std::vector<repair::RecordedRun> found;
  for (auto& [id, run] : runs) {
    run.id = id;
    found.push_back(std::move(run));
  }
  return found;
}

// What a user who mistypes a run gives: no path, and no folder of that name.
bool names_nothing(const std::string& argument) {
  return argument.find('/') == std::string::npos && !storage::resolve_local(argument);
}

}  // namespace

std::variant<KnownRuns, int> find_runs(const Verb& verb, const CommandLine& line) {
  KnownRuns known;
  CommandLine rest = line;
  if (!rest.arguments.empty() && repair::is_run_id(rest.arguments.front())) {
    known.wanted = rest.arguments.front();
    rest.arguments.erase(rest.arguments.begin());
  } else if (!rest.arguments.empty() && names_nothing(rest.arguments.front())) {
    return usage_error("there is no run and no target '" + rest.arguments.front() + "'; cbtctl history lists runs",
                       "cbtctl " + std::string(verb.name) + " --help");
  }
  if (rest.arguments.empty() && !line.has("targets-file")) {
    known.runs = repair::recorded_runs();
    auto mappings = mappings_of(line);
    if (!mappings) return usage_error(mappings.error().message, "cbtctl " + std::string(verb.name) + " --help");
    known.mappings = std::move(*mappings);
    return known;
  }
  for (const char* selector : {"vm", "vm-file", "disk"})  // of a run's machines, some of which may be gone
    rest.set(selector, std::vector<std::string>{});
  auto found = discover_targets(verb, rest);
  if (const int* status = std::get_if<int>(&found)) return *status;
  Scanned& scanned = std::get<Scanned>(found);
  known.on_targets = PlanPlaces{scanned.datastore.targets, sites_of(scanned.places), scanned.places};
  known.mappings = std::move(scanned.mappings);
  known.runs = runs_on(scanned.datastore, *known.on_targets);
  if (const int status = completeness(scanned.datastore); status != exit_done && known.runs.empty()) return status;
  return known;
}

formats::core::Result<PlanPlaces> places_for(const KnownRuns& known, std::vector<repair::MachinePlan>& machines,
                                             const CommandLine& line) {
  if (known.on_targets) return *known.on_targets;
  return places_of(machines, line);
}

std::variant<std::vector<bool>, int> selected_of(const std::vector<repair::MachinePlan>& machines,
                                                 const CommandLine& line) {
  const auto selectors = selectors_of(line);
  if (!selectors) return usage_error(selectors.error().message, "cbtctl --help");
  if (!selectors->slots.empty())
    return usage_error("a run is one of whole machines: --disk does not fit", "cbtctl --help");
  std::vector<app::Candidate> candidates;
  for (const repair::MachinePlan& machine : machines)
    candidates.push_back({machine.roots.front().location, machine.vm, machine.name});
  app::Match match = app::match(candidates, selectors->machines);
  if (const auto ended = tell_unmatched(match.unmatched, match.idle_exclusions, true, line)) return *ended;
  return std::move(match.chosen);
}

}  // namespace cbtctl::cli
