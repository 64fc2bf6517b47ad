// Takes a run back: the operator's own, or what any run left on the targets that are named.
#include <algorithm>

#include "cli/cancellation.h"
#include "cli/exit_status.h"
#include "cli/look.h"
#include "cli/runs.h"
#include "log/log.h"
#include "repair/standing.h"
#include "repair/trace.h"
#include "report/plan.h"

namespace cbtctl::cli {
namespace {

using repair::MachinePlan;
using repair::MachineResult;
using repair::Outcome;
using repair::RecordedRun;

// The one that is named, or the newest that changed anything. What a later version's did is not known: it is in the
// way.
const RecordedRun* choose(const KnownRuns& known) {
  if (!known.wanted.empty()) {
    const auto found =
        std::find_if(known.runs.begin(), known.runs.end(), [&](const auto& run) { return run.id == known.wanted; });
    return found == known.runs.end() ? nullptr : &*found;
  }
  const auto newest = std::find_if(known.runs.rbegin(), known.runs.rend(), [](const RecordedRun& run) {
    if (run.is_later) return true;
    return run.plan && std::any_of(run.plan->machines.begin(), run.plan->machines.end(), [&](const auto& machine) {
             const Outcome outcome = run.outcome_of(machine);
             return outcome != Outcome::refused && outcome != Outcome::rolled_back && outcome != Outcome::not_begun;
           });
  });
  return newest == known.runs.rend() ? nullptr : &*newest;
}

repair::Plan plan_of(const RecordedRun& run, const std::vector<bool>& selected) {
  repair::Plan plan = *run.plan;
  plan.refused.clear();
  plan.unchanged.clear();
  std::size_t number = 0;
  std::erase_if(plan.machines, [&](const MachinePlan&) { return !selected[number++]; });
  std::reverse(plan.machines.begin(), plan.machines.end());
  return plan;
}

// Why nothing of a machine is to be taken back, where its files are what they were or the run has left nothing there;
// nothing: there is something, or somebody else has taken it away, which is told when its turn comes.
std::optional<std::string> settled(const RecordedRun& run, const repair::Workplace& place) {
  const Outcome told = run.outcome_of(place.machine);
  const bool is_untouched = repair::check_untouched(place).has_value();
  if (repair::has_begun(place) || (repair::has_trace(place) && !is_untouched)) return std::nullopt;
  if (run.is_recorded && told == Outcome::not_begun) return "not-begun: its turn never came";
  if (run.is_recorded && (told == Outcome::refused || told == Outcome::rolled_back)) return "it was not changed";
  return is_untouched || told == Outcome::restored ? std::optional("it was taken back already") : std::nullopt;
}

// A run's places are reached as they were then, where the command line does not say otherwise.
void reach_as_then(const repair::Plan& plan, CommandLine& line) {
  if (!line.has("ssh-config") && !plan.ssh_config.empty()) line.set("ssh-config", plan.ssh_config);
  if (!line.has("map") && !plan.maps.empty()) line.set("map", plan.maps);
}

// What is there decides.
void take_out_settled(const RecordedRun& run, const std::vector<repair::Site>& sites, bool may_clear,
                      repair::Plan& plan) {
  std::erase_if(plan.machines, [&](const MachinePlan& machine) {
    const auto own_sites = repair::sites_of(machine, sites);
    const repair::Workplace place{plan.id, machine, own_sites};
    repair::look_at_standing(place);
    if (const auto why = settled(run, place)) {
      if (may_clear) repair::clear_away(place);
      plan.unchanged.push_back({machine.vm, *why, machine.roots.front().target, machine.name});
      return true;
    }
    auto later = repair::refuse_out_of_order(place);
    if (later) later->target = machine.roots.front().target;
    if (later) plan.refused.push_back(*later);
    return later.has_value();
  });
}

// What would be refused when its turn comes, for whoever looks first.
void take_out_refused(const std::vector<repair::Site>& sites, const repair::Look& look, repair::Plan& plan) {
  std::erase_if(plan.machines, [&](const MachinePlan& machine) {
    auto refusal = repair::refuse_take_back(plan, machine, sites, look(machine));
    if (refusal) refusal->target = machine.roots.front().target;
    if (refusal) plan.refused.push_back(std::move(*refusal));
    return refusal.has_value();
  });
}

// The machines of its own run.
bool is_selected(const repair::Plan& plan, model::Index target, const std::string& vm) {
  return std::any_of(plan.machines.begin(), plan.machines.end(), [&](const MachinePlan& machine) {
    const auto folders = repair::folders_of(machine);
    return (machine.roots.front().target == target && machine.vm == vm) ||
           std::any_of(folders.begin(), folders.end(), [&](const repair::Spot& folder) {
             return machine.roots[folder.root].target == target && folder.path + "/" == vm;
           });
  });
}

std::vector<MachineResult> take_back_all(const repair::Plan& plan, const std::vector<repair::Site>& sites,
                                         const repair::Look& look, int& status) {
  std::vector<MachineResult> results;
  const auto journal = repair::reopen_journal(plan.id);
  const Cancellation cancel;
  for (const MachinePlan& machine : plan.machines) {
    repair::MachineJournal own(*journal, machine);
    if (cancel.is_requested()) {
      results.push_back(repair::result_of(machine, Outcome::cancelled, "it was not begun"));
    } else {
      results.push_back(repair::take_back(plan, machine, {sites, own, look}));
    }
    status |= exit_status_of(results.back().outcome);
  }
  return results;
}

Options undo_options() {
  Options own = target_options();
  own.flag("yes,y", "do not ask");
  own.flag("dry-run,n", "show what would be restored and stop");
  own.texts("assume-powered-off", "VM that you vouch for to be off; by name or .vmx path");
  own.texts("assume-unregistered", "VM that you vouch for to be registered on no host");
  own.texts("take-over", "RUN or folder whose lock is held by a process that you vouch for to be dead");
  own.flag("csv", "a row per step, or per machine");
  own.flag("detailed-exitcode", "add 1 to the exit status when something was restored");
  return own;
}

}  // namespace

int run_undo(const Verb& verb, const std::vector<std::string>& arguments) {
  const Parsed parsed = parse(verb, arguments, undo_options());
  if (!parsed.line) return parsed.exit_status;
  CommandLine line = *parsed.line;
  auto found = find_runs(verb, line);
  if (const int* over = std::get_if<int>(&found)) return *over;
  KnownRuns& known = std::get<KnownRuns>(found);
  const RecordedRun* run = choose(known);
  if (run != nullptr && run->plan && !known.on_targets) {
    reach_as_then(*run->plan, line);
    auto mappings = mappings_of(line);
    if (!mappings) return usage_error(mappings.error().message, "cbtctl undo --help");
    known.mappings = std::move(*mappings);
  }
  if (run == nullptr) {
    return usage_error("there is no such run in " + repair::record_folder_of_runs() +
                           "; cbtctl history lists them, and of another user's run name its target",
                       "cbtctl undo --help");
  }
  if (!run->plan) {
    log::error("the plan of run " + run->id + " cannot be read" + (run->trouble.empty() ? "" : ": " + run->trouble) +
               "; name a target to read its copy there");
    return exit_incomplete;
  }
  const auto selected = selected_of(run->plan->machines, line);
  if (const int* over = std::get_if<int>(&selected)) return *over;
  repair::Plan plan = plan_of(*run, std::get<std::vector<bool>>(selected));
  const auto opened = places_for(known, plan.machines, line);
  if (!opened) return usage_error(opened.error().message, "cbtctl undo --help");
  const PlanPlaces& places = *opened;
  RecordedRun read = *run;
  refuse_unreachable(plan, places);
  const repair::Look look = look_back_through(places.places, known.mappings);
  int status = exit_done;
  Stopped stopped = find_stopped(folders_of(plan.machines), places.sites);
  const Recovering recovering{places.sites, look, line, [&](model::Index target, const std::string& vm) {
                                return is_selected(plan, target, vm);
                              }};
  if (const auto wrong = ambiguous_take_over(stopped, recovering)) return usage_error(*wrong, "cbtctl undo --help");
  if (const auto wrong = vouch(line, plan)) return usage_error(*wrong, "cbtctl undo --help");
  if (!recover_stopped(stopped, recovering, status)) return say_no();
  if (!stopped.results.empty()) {
    if (auto again = repair::recorded_run(run->id)) read.steps = std::move(again->steps);
  }
  stopped.take_out(plan, false);
  take_out_settled(read, places.sites, line.has("yes") && !line.has("dry-run"), plan);
  if (line.has("dry-run") || !line.has("yes")) take_out_refused(places.sites, look, plan);
  status |= status_of_refusals(plan);
  std::optional<std::vector<MachineResult>> results;
  const auto print = [&] {
    const report::PlanReport report{plan, places.targets, results, stopped.results, status, {}, {}, repair::Verb::undo};
    const bool written = write_output(line.json         ? report::plan_json(report)
                                      : line.has("csv") ? report::plan_csv(report)
                                      : results         ? report::results_text(report, line.style)
                                                        : report::plan_text(report, line.style));
    return written ? status : status | exit_incomplete;
  };
  if (line.has("dry-run") || plan.machines.empty()) return print();
  if (!line.json && !line.has("csv")) print();
  const auto agreed = is_agreed(line, "The files of " + std::to_string(plan.machines.size()) +
                                          " virtual machines become what they were before run " + plan.id + ".");
  if (!agreed) return exit_usage;
  if (!*agreed) return exit_cancelled;
  results = take_back_all(plan, places.sites, look, status);
  const bool restored = std::any_of(results->begin(), results->end(),
                                    [](const MachineResult& each) { return each.outcome == Outcome::restored; });
  if (restored && line.has("detailed-exitcode")) status |= 1;
  return print();
}

}  // namespace cbtctl::cli
