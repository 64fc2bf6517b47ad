// apply, undo, history and purge: what deals with runs rather than with findings.
#include <algorithm>
#include <chrono>
#include <ctime>

#include "cli/exit_status.h"
#include "cli/run_plan.h"
#include "cli/text_file.h"
#include "discovery/discover.h"
#include "log/log.h"
#include "report/plan.h"
#include "report/text.h"
#include "storage/path.h"

namespace cbtctl::cli {
namespace {

using repair::RecordedRun;

// The targets of a plan, and a way to write each, by the roots that it names.
std::vector<repair::Site> sites_of_plan(repair::Plan& plan, std::vector<model::Target>& targets) {
  std::vector<repair::Site> sites;
  for (repair::MachinePlan& machine : plan.machines) {
    const auto same =
        std::find_if(sites.begin(), sites.end(), [&](const auto& site) { return site.root == machine.root; });
    machine.target = static_cast<model::Index>(same - sites.begin());
    if (same != sites.end()) continue;
    repair::Site site{.root = machine.root, .writer = {}};
    model::Target target;
    target.location = machine.root;
    auto writer = storage::open_local_writer(machine.root);
    if (writer)
      site.writer = std::move(*writer);
    else
      target.error = writer.error();
    sites.push_back(std::move(site));
    targets.push_back(std::move(target));
  }
  return sites;
}

void drop_unreachable(repair::Plan& plan, const std::vector<repair::Site>& sites) {
  std::erase_if(plan.machines, [&](const repair::MachinePlan& machine) {
    if (sites[machine.target].writer) return false;
    plan.refused.push_back({machine.vm, "unreadable", machine.root + " cannot be written"});
    return true;
  });
}

const RecordedRun* find_run(const std::vector<RecordedRun>& runs, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return runs.empty() ? nullptr : &runs.back();
  const auto found =
      std::find_if(runs.begin(), runs.end(), [&](const RecordedRun& run) { return run.id == arguments.front(); });
  return found == runs.end() ? nullptr : &*found;
}

}  // namespace

int run_apply(const Verb& verb, const std::vector<std::string>& arguments) {
  options::options_description own("Options of apply");
  add_change_options(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  if (line.arguments.size() != 1) return usage_error("apply needs one plan", "cbtctl apply --help");
  const auto text = read_text_file(line.arguments.front());
  if (!text) {
    log::error(text.error().message);
    return exit_incomplete;
  }
  auto plan = repair::plan_from_text(*text);
  if (!plan) return usage_error(line.arguments.front() + ": " + plan.error().message, "cbtctl apply --help");
  plan->id = repair::new_run_id();
  plan->refused.clear();
  plan->unchanged.clear();
  std::vector<model::Target> targets;
  const auto sites = sites_of_plan(*plan, targets);
  drop_unreachable(*plan, sites);
  return run_plan(std::move(*plan), targets, sites, line, exit_done);
}

int run_undo(const Verb& verb, const std::vector<std::string>& arguments) {
  options::options_description own("Options of undo");
  own.add_options()("yes", "do not ask")("dry-run", "show what would be restored and stop")(
      "vm", options::value<std::vector<std::string>>()->composing(), "only this VM of the run, by its .vmx")(
      "assume-powered-off", options::value<std::vector<std::string>>()->composing(), "VM that you vouch for to be off");
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  if (line.arguments.size() > 1) return usage_error("undo takes one run", "cbtctl undo --help");
  const auto runs = repair::recorded_runs();
  const RecordedRun* run = find_run(runs, line.arguments);
  if (run == nullptr) return usage_error("there is no such run; cbtctl history lists them", "cbtctl undo --help");
  if (!run->plan) {
    log::error("the plan of run " + run->id + " cannot be read");
    return exit_incomplete;
  }
  repair::Plan plan = *run->plan;
  plan.refused.clear();
  plan.unchanged.clear();
  const auto wanted = line.list("vm");
  std::erase_if(plan.machines, [&](const repair::MachinePlan& machine) {
    const std::string name(storage::file_name(machine.vm));
    const bool named = wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const std::string& each) {
                         return each == machine.vm || each == name || each + ".vmx" == name;
                       });
    const std::string outcome = run->outcome_of(machine.vm);
    return !named || outcome == "restored" || outcome == "rolled-back" || outcome == "refused";
  });
  std::vector<model::Target> targets;
  const auto sites = sites_of_plan(plan, targets);
  drop_unreachable(plan, sites);
  int status = plan.refused.empty() ? exit_done : exit_findings;
  plan.verb = "undo";
  const auto print = [&](std::optional<std::vector<repair::Result>> results) {
    const report::PlanReport report{plan, targets, std::move(results), status};
    const bool written = write_output(line.json        ? report::plan_json(report)
                                      : report.results ? report::results_text(report, line.style)
                                                       : report::plan_text(report, line.style));
    return written ? status : status | exit_incomplete;
  };
  if (line.has("dry-run") || plan.machines.empty()) return print(std::nullopt);
  const auto agreed = is_agreed(line, "The files of " + std::to_string(plan.machines.size()) +
                                          " virtual machines become what they were before run " + plan.id + ".");
  if (!agreed) return exit_usage;
  if (!*agreed) return exit_cancelled;
  auto journal = repair::Journal::reopen(plan.id);
  if (!journal) {
    log::error("nothing was done: " + journal.error().message);
    return exit_incomplete;
  }
  std::vector<repair::Result> results;
  const auto guard = power_guard(line.list("assume-powered-off"));
  repair::Plan original = *run->plan;
  for (auto machine = plan.machines.rbegin(); machine != plan.machines.rend(); ++machine) {
    results.push_back(repair::take_back(original, *machine, *sites[machine->target].writer, *journal, guard));
    if (results.back().outcome == "refused") status |= exit_findings;
    if (results.back().outcome == "failed") status |= exit_incomplete;
  }
  return print(std::move(results));
}

int run_history(const Verb& verb, const std::vector<std::string>& arguments) {
  const Parsed parsed = parse(verb, arguments, options::options_description("Options of history"));
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  if (line.arguments.size() > 1) return usage_error("history takes one run", "cbtctl history --help");
  auto runs = repair::recorded_runs();
  if (!line.arguments.empty()) {
    std::erase_if(runs, [&](const RecordedRun& run) { return run.id != line.arguments.front(); });
    if (runs.empty()) return usage_error("there is no such run; cbtctl history lists them", "cbtctl history --help");
  }
  const bool one = !line.arguments.empty();
  const std::string text = line.json ? report::history_json(runs)
                           : one     ? report::run_text(runs.front(), line.style)
                                     : report::history_text(runs, line.style);
  return write_output(text) ? exit_done : exit_incomplete;
}

}  // namespace cbtctl::cli
