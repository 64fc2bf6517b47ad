#include "cli/run_plan.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "analysis/cbt_state.h"
#include "cli/exit_status.h"
#include "discovery/discover.h"
#include "log/log.h"
#include "report/plan.h"
#include "report/text.h"
#include "storage/local_reader.h"
#include "storage/output.h"
#include "storage/path.h"

namespace cbtctl::cli {
namespace {

using repair::MachinePlan;
using repair::Plan;
using repair::Result;

discovery::Place place_at(const std::string& root) {
  discovery::Place place;
  place.target.location = root;
  place.roots = {root};
  auto reader = storage::open_local(root);
  if (reader)
    place.reader = std::move(*reader);
  else
    place.target.error = reader.error();
  return place;
}

// The states that the plan promised, by a fresh look at everything below the root.
std::optional<std::string> broken_promise(const MachinePlan& machine, const model::Datastore& now) {
  for (const model::VirtualMachine& found : now.virtual_machines) {
    if (now.files[found.file].path != machine.vm) continue;
    for (const auto& [slot, state] : machine.promised) {
      for (const model::Disk& disk : found.disks) {
        if (disk.settings.slot != slot) continue;
        const auto verdict = analysis::judge(now, found, disk);
        if (name_of(verdict.state) != state)
          return slot + " is " + std::string(name_of(verdict.state)) + ", promised was " + state;
      }
    }
    return std::nullopt;
  }
  return machine.promised.empty() ? std::nullopt : std::optional<std::string>(machine.vm + " is not found any more");
}

void verify_states(const Plan& plan, const std::vector<repair::Site>& sites, repair::Journal& journal,
                   std::vector<Result>& results) {
  std::map<model::Index, model::Datastore> looks;
  for (std::size_t i = 0; i < plan.machines.size(); ++i) {
    const MachinePlan& machine = plan.machines[i];
    if (results[i].outcome != "changed" || machine.promised.empty()) continue;
    if (!looks.contains(machine.target)) {
      std::vector<discovery::Place> places;
      places.push_back(place_at(machine.root));
      looks.emplace(machine.target, discovery::discover(places, {}));
    }
    const auto broken = broken_promise(machine, looks.at(machine.target));
    if (!broken) continue;
    const auto no_guard = [](const MachinePlan&) { return std::optional<repair::Refusal>(); };
    Result back = repair::take_back(plan, machine, *sites[machine.target].writer, journal, no_guard);
    results[i].outcome = back.outcome == "restored" ? "rolled-back" : "failed";
    results[i].message = *broken + (back.message.empty() ? "" : "; " + back.message);
  }
}

void add_follow_up(const MachinePlan& machine, const std::string& verb, Result& result) {
  if (result.outcome != "changed") return;
  const bool edits = std::any_of(machine.changes.begin(), machine.changes.end(),
                                 [](const auto& change) { return change.kind == repair::ChangeKind::edit; });
  if (edits) {
    result.follow_up.push_back("on the host that has " + machine.vm +
                               " registered: vim-cmd vmsvc/getallvms tells its ID, then vim-cmd vmsvc/reload ID");
  }
  if (machine.touches_tracking) {
    result.message = verb == "disable" ? "CBT is off; backups read whole disks" : "the next backup is a full one";
  }
}

int save_plan(const std::string& path, const Plan& plan) {
  auto output = storage::create_output(path);
  const std::string text = repair::to_text(plan);
  auto status = output ? (*output)->append(std::as_bytes(std::span(text))) : formats::core::Status(output.error());
  if (status) status = (*output)->finish();
  if (status) return exit_done;
  log::error(status.error().message);
  return output ? exit_incomplete : exit_usage;
}

std::vector<Result> carry_out_all(const Plan& plan, const std::vector<repair::Site>& sites, const CommandLine& line,
                                  repair::Journal& journal) {
  std::vector<Result> results;
  const auto guard = power_guard(line.list("assume-powered-off"));
  for (const MachinePlan& machine : plan.machines) {
    results.push_back(repair::carry_out(plan, machine, *sites[machine.target].writer, journal, guard));
  }
  verify_states(plan, sites, journal, results);
  for (std::size_t i = 0; i < results.size(); ++i) add_follow_up(plan.machines[i], plan.verb, results[i]);
  return results;
}

int status_of(const std::vector<Result>& results, const CommandLine& line) {
  int status = exit_done;
  bool changed = false;
  for (const Result& result : results) {
    if (result.outcome == "refused") status |= exit_findings;
    if (result.outcome == "failed" || result.outcome == "rolled-back") status |= exit_incomplete;
    changed |= result.outcome == "changed";
  }
  return status | (changed && line.has("detailed-exitcode") ? 1 : 0);
}

}  // namespace

void add_change_options(options::options_description& own) {
  own.add_options()("yes", "do not ask")("dry-run", "show the plan and stop")(
      "plan-out", options::value<std::string>(), "write the plan to this new file, for cbtctl apply, and stop")(
      "assume-powered-off", options::value<std::vector<std::string>>()->composing(),
      "VM that you vouch for to be off, where its files cannot tell; by name or .vmx path")(
      "assume-unregistered", options::value<std::vector<std::string>>()->composing(),
      "VM that you vouch for to be registered on no host")("detailed-exitcode",
                                                           "add 1 to the exit status when changes were made");
}

std::vector<repair::Site> sites_of(const std::vector<discovery::Place>& places) {
  std::vector<repair::Site> sites;
  for (const discovery::Place& place : places) {
    repair::Site site;
    if (!place.target.error && !place.target.is_ssh && !place.roots.empty()) {
      site.root = place.roots.back();
      if (auto writer = storage::open_local_writer(site.root)) site.writer = std::move(*writer);
    }
    sites.push_back(std::move(site));
  }
  return sites;
}

std::optional<bool> is_agreed(const CommandLine& line, const std::string& question) {
  if (line.has("yes")) return true;
  if (::isatty(STDIN_FILENO) != 1) {
    log::error("nothing was done: without a terminal to ask on, --yes is needed");
    return std::nullopt;
  }
  write_error(question + " Type yes to go on: ");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "yes";
}

repair::PowerGuard power_guard(std::vector<std::string> assumed_off) {
  return [assumed_off = std::move(assumed_off)](const MachinePlan& machine) -> std::optional<repair::Refusal> {
    const std::string folder(storage::parent_of(machine.vm));
    std::vector<discovery::Place> places;
    places.push_back(place_at(folder.empty() ? machine.root : machine.root + "/" + folder));
    places.front().only_vmx = std::string(storage::file_name(machine.vm));
    const model::Datastore now = discovery::discover(places, {});
    if (now.virtual_machines.size() != 1)
      return repair::Refusal{machine.vm, "changed-meanwhile", "the configuration is not there any more"};
    const model::VirtualMachine& found = now.virtual_machines.front();
    if (found.power.state == model::PowerState::off) return std::nullopt;
    const bool assumed = std::any_of(assumed_off.begin(), assumed_off.end(), [&](const std::string& name) {
      return name == machine.vm || name == found.settings.display_name;
    });
    if (assumed && found.power.state == model::PowerState::unknown) return std::nullopt;
    std::string evidence;
    for (const std::string& sign : found.power.evidence) evidence += (evidence.empty() ? "" : ", ") + sign;
    const char* reason = found.power.state == model::PowerState::on          ? "powered-on"
                         : found.power.state == model::PowerState::suspended ? "suspended"
                                                                             : "power-unknown";
    return repair::Refusal{machine.vm, reason, evidence};
  };
}

int run_plan(Plan plan, const std::vector<model::Target>& targets, const std::vector<repair::Site>& sites,
             const CommandLine& line, int status) {
  repair::place(plan);
  if (!plan.refused.empty()) status |= exit_findings;
  const auto print = [&](std::optional<std::vector<Result>> results) {
    const report::PlanReport report{plan, targets, std::move(results), status};
    std::string text;
    if (line.json)
      text = report::plan_json(report);
    else
      text = report.results ? report::results_text(report, line.style) : report::plan_text(report, line.style);
    return write_output(text) ? status : status | exit_incomplete;
  };
  if (line.has("plan-out")) {
    const int saved = save_plan(line.values["plan-out"].as<std::string>(), plan);
    return saved == exit_done ? print(std::nullopt) : saved;
  }
  if (line.has("dry-run") || plan.machines.empty()) return print(std::nullopt);
  if (!line.json) write_output(report::plan_text({plan, targets, std::nullopt, status}, line.style));
  const auto agreed = is_agreed(line, "Nothing can stop these virtual machines from being powered on meanwhile.");
  if (!agreed) return exit_usage;
  if (!*agreed) {
    log::error("nothing was done");
    return exit_cancelled;
  }
  auto journal = repair::Journal::create(plan);
  if (!journal) {
    log::error("nothing was done: the journal cannot be written: " + journal.error().message);
    return exit_incomplete;
  }
  auto results = carry_out_all(plan, sites, line, *journal);
  status |= status_of(results, line);
  return print(std::move(results));
}

}  // namespace cbtctl::cli
