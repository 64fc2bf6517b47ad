// Takes a run back: the operator's own, or what any run left on the targets that are named.
#include <algorithm>

#include "cli/cancellation.h"
#include "cli/exit_status.h"
#include "cli/look.h"
#include "cli/runs.h"
#include "log/log.h"
#include "report/plan.h"

namespace cbtctl::cli {
namespace {

using repair::MachinePlan;
using repair::MachineResult;
using repair::Outcome;
using repair::RecordedRun;

// Of a run that another operator made no outcome is known here; its files tell.
bool has_something(const RecordedRun& run, const MachinePlan& machine) {
  const Outcome outcome = run.steps.empty() ? Outcome::changed : run.outcome_of(machine.vm);
  return outcome != Outcome::restored && outcome != Outcome::rolled_back && outcome != Outcome::refused;
}

// The one that is named, or the newest that changed anything.
const RecordedRun* choose(const KnownRuns& known) {
  if (!known.wanted.empty()) {
    const auto found =
        std::find_if(known.runs.begin(), known.runs.end(), [&](const auto& run) { return run.id == known.wanted; });
    return found == known.runs.end() ? nullptr : &*found;
  }
  const auto newest = std::find_if(known.runs.rbegin(), known.runs.rend(), [](const RecordedRun& run) {
    return run.plan && std::any_of(run.plan->machines.begin(), run.plan->machines.end(), [&](const auto& machine) {
             const Outcome outcome = run.outcome_of(machine.vm);
             return outcome != Outcome::refused && outcome != Outcome::rolled_back;
           });
  });
  return newest == known.runs.rend() ? nullptr : &*newest;
}

bool is_vouched_for(const std::vector<std::string>& words, const MachinePlan& machine) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word == machine.vm || (!word.empty() && word == machine.name);
  });
}

repair::Plan plan_of(const RecordedRun& run, const CommandLine& line) {
  repair::Plan plan = *run.plan;
  plan.refused.clear();
  plan.unchanged.clear();
  std::erase_if(plan.machines, [&](MachinePlan& machine) {
    if (!fits(line.list("vm"), machine)) return true;
    machine.assumed_off |= is_vouched_for(line.list("assume-powered-off"), machine);
    machine.assumed_unregistered |= is_vouched_for(line.list("assume-unregistered"), machine);
    if (has_something(run, machine)) return false;
    const bool is_restored = run.outcome_of(machine.vm) == Outcome::restored;
    plan.unchanged.push_back({machine.vm, is_restored ? "it was taken back already" : "it was not changed"});
    return true;
  });
  std::reverse(plan.machines.begin(), plan.machines.end());
  return plan;
}

// Which place each root is, for the same plan read again.
std::vector<repair::Root> all_roots(const repair::Plan& plan) {
  std::vector<repair::Root> roots;
  for (const MachinePlan& machine : plan.machines)
    roots.insert(roots.end(), machine.roots.begin(), machine.roots.end());
  return roots;
}
void number_roots(repair::Plan& plan, const std::vector<repair::Root>& known) {
  for (MachinePlan& machine : plan.machines) {
    for (repair::Root& root : machine.roots) {
      const auto same =
          std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.location == root.location; });
      if (same != known.end()) root.target = same->target;
    }
  }
}

std::vector<MachineResult> take_back_all(const repair::Plan& plan, const std::vector<repair::Site>& sites,
                                         const repair::Look& look, int& status) {
  std::vector<MachineResult> results;
  const auto journal = repair::reopen_journal(plan.id);
  const Cancellation cancel;
  for (const MachinePlan& machine : plan.machines) {
    if (cancel.is_requested()) {
      results.push_back(repair::result_of(machine, Outcome::cancelled, "it was not begun"));
    } else {
      results.push_back(repair::take_back(plan, machine, {sites, *journal, look}));
    }
    status |= exit_status_of(results.back().outcome);
  }
  return results;
}

Options undo_options() {
  Options own = target_options();
  own.flag("yes", "do not ask");
  own.flag("dry-run", "show what would be restored and stop");
  own.texts("assume-powered-off", "VM that you vouch for to be off; by name or .vmx path");
  own.texts("assume-unregistered", "VM that you vouch for to be registered on no host");
  own.texts("take-over", "RUN or folder whose lock is held by a process that you vouch for to be dead");
  own.flag("detailed-exitcode", "add 1 to the exit status when something was restored");
  return own;
}

}  // namespace

int run_undo(const Verb& verb, const std::vector<std::string>& arguments) {
  const Parsed parsed = parse(verb, arguments, undo_options());
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  auto found = find_runs(verb, line);
  if (const int* over = std::get_if<int>(&found)) return *over;
  const KnownRuns& known = std::get<KnownRuns>(found);
  const RecordedRun* run = choose(known);
  if (run == nullptr) return usage_error("there is no such run; cbtctl history lists them", "cbtctl undo --help");
  if (!run->plan) {
    log::error("the plan of run " + run->id + " cannot be read; name a target to read its copy there");
    return exit_incomplete;
  }
  repair::Plan plan = plan_of(*run, line);
  const auto opened = places_for(known, plan.machines, line);
  if (!opened) return usage_error(opened.error().message, "cbtctl undo --help");
  const PlanPlaces& places = *opened;
  const std::vector<repair::Root> roots = all_roots(plan);
  refuse_unreachable(plan, places.sites);
  const repair::Look look = look_through(places.places, known.mappings);
  int status = exit_done;
  Stopped stopped = find_stopped(folders_of(plan.machines), places.sites);
  if (!stopped.found.empty() && may_change(line)) {
    recover_stopped(stopped, places.sites, look, line, status);
    if (const auto again = repair::recorded_run(run->id); again && !again->steps.empty()) {
      RecordedRun settled = *run;
      settled.steps = again->steps;
      plan = plan_of(settled, line);
      number_roots(plan, roots);
    }
  }
  stopped.take_out(plan, false);
  if (!plan.refused.empty()) status |= exit_findings;
  std::optional<std::vector<MachineResult>> results;
  const auto print = [&] {
    const report::PlanReport report{plan, places.targets, results, stopped.results, status, repair::Verb::undo};
    const bool written = write_output(line.json ? report::plan_json(report)
                                      : results ? report::results_text(report, line.style)
                                                : report::plan_text(report, line.style));
    return written ? status : status | exit_incomplete;
  };
  if (line.has("dry-run") || plan.machines.empty()) return print();
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
