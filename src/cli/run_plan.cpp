#include "cli/run_plan.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "cli/cancellation.h"
#include "cli/exit_status.h"
#include "log/log.h"
#include "repair/reload.h"
#include "report/plan.h"
#include "storage/local_path.h"
#include "storage/output.h"

namespace cbtctl::cli {
namespace {

using repair::MachinePlan;
using repair::MachineResult;
using repair::Outcome;
using repair::Plan;

bool is_vouched_for(const std::vector<std::string>& words, const MachinePlan& machine) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word == machine.vm || (!word.empty() && word == machine.name);
  });
}

// On a mount nobody can ask a host to read the configuration again.
void add_follow_up(const MachinePlan& machine, repair::Verb verb, bool has_host, MachineResult& result) {
  if (result.outcome != Outcome::changed) return;
  if (repair::edits_configuration(machine) && !machine.assumed_unregistered && !has_host) {
    result.follow_up.push_back("on the host that has " + machine.vm +
                               " registered: vim-cmd vmsvc/getallvms tells its ID, then vim-cmd vmsvc/reload ID");
  }
  if (!machine.intent.touches_tracking()) return;
  const bool pending = std::any_of(machine.promised.begin(), machine.promised.end(),
                                   [](const auto& promise) { return promise.second == model::CbtState::pending; });
  if (pending)
    result.message = "the next backup is a full one";
  else if (verb == repair::Verb::disable)
    result.message = "CBT is off; backups read whole disks";
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

// As it can be given again, from whatever folder.
void keep_connection(const CommandLine& line, Plan& plan) {
  const auto absolute = [](const std::string& path) {
    const auto real = storage::resolve_local(path);
    return real ? real->real : path;
  };
  if (line.has("ssh-config")) plan.ssh_config = absolute(line.text("ssh-config"));
  for (const std::string& map : line.list("map")) {
    const std::size_t equals = map.find('=');
    plan.maps.push_back(map.substr(0, equals + 1) + absolute(map.substr(equals + 1)));
  }
}

// Time has passed since the plan was made: what no longer leads to the same plan, seen among all others, is refused.
std::optional<MachineResult> object(const MachinePlan& machine, const Run& run) {
  const auto again =
      repair::plan_again(machine, run.plan.verb, run.look_everywhere(machine), repair::sites_of(machine, run.sites));
  if (const auto* objection = std::get_if<repair::Refusal>(&again))
    return repair::refused(machine, objection->reason, objection->message);
  if (const auto differs = repair::difference(machine, std::get<MachinePlan>(again)))
    return repair::refused(machine, repair::Reason::changed_meanwhile, *differs);
  return std::nullopt;
}

std::vector<MachineResult> carry_out_all(const Run& run, bool is_old, repair::Journal& journal) {
  std::vector<MachineResult> results;
  const Cancellation cancel;
  for (const MachinePlan& machine : run.plan.machines) {
    repair::MachineJournal own(journal, machine);
    if (cancel.is_requested()) {
      results.push_back(repair::result_of(machine, Outcome::cancelled, "it was not begun"));
    } else if (auto objection = is_old ? object(machine, run) : std::nullopt) {
      static_cast<void>(own.append({.vm = machine.vm, .what = std::string(name_of(Outcome::refused))}));
      results.push_back(std::move(*objection));
    } else {
      results.push_back(repair::carry_out(run.plan, machine, {run.sites, own, run.look}));
      const bool has_host = run.sites[machine.roots.front().target].commands != nullptr;
      add_follow_up(machine, run.plan.verb, has_host, results.back());
    }
  }
  return results;
}

int status_of(const std::vector<MachineResult>& results, const CommandLine& line) {
  int status = exit_done;
  bool changed = false;
  for (const MachineResult& result : results) {
    status |= exit_status_of(result.outcome);
    changed |= result.outcome == Outcome::changed;
  }
  return status | (changed && line.has("detailed-exitcode") ? 1 : 0);
}

}  // namespace

void add_change_options(Options& own) {
  own.flag("yes,y", "do not ask");
  own.flag("dry-run,n", "show the plan and stop");
  own.texts("assume-powered-off", "VM that you vouch for to be off, where its files cannot tell; by name or .vmx path");
  own.texts("assume-unregistered", "VM that you vouch for to be registered on no host");
  own.texts("take-over", "RUN or folder whose lock is held by a process that you vouch for to be dead");
  own.flag("csv", "a row per step of the plan, or per machine that was to be changed");
  own.flag("detailed-exitcode", "add 1 to the exit status when changes were made");
}

std::optional<std::string> ambiguous_word(const CommandLine& line, const MeantBy& meant_by) {
  for (const char* option : {"assume-powered-off", "assume-unregistered"}) {
    for (const std::string& word : line.list(option)) {
      const auto machines = meant_by(word);
      std::string told = std::string("--") + option + " " + word + " fits more than one virtual machine:";
      for (const std::string& machine : machines) told += "\n  " + machine;
      if (machines.size() > 1) return told;
    }
  }
  return std::nullopt;
}

std::optional<std::string> vouch(const CommandLine& line, Plan& plan) {
  const auto meant_by = [&](const std::string& word) {
    std::vector<std::string> machines;
    for (const MachinePlan& machine : plan.machines) {
      if (is_vouched_for({word}, machine)) machines.push_back(machine.roots.front().location + "/" + machine.vm);
    }
    return machines;
  };
  if (auto wrong = ambiguous_word(line, meant_by)) return wrong;
  for (MachinePlan& machine : plan.machines) {
    machine.assumed_off |= is_vouched_for(line.list("assume-powered-off"), machine);
    machine.assumed_unregistered |= is_vouched_for(line.list("assume-unregistered"), machine);
  }
  return std::nullopt;
}

bool may_change(const CommandLine& line) {
  return !line.has("dry-run") && !line.has("plan-out") && (line.has("yes") || ::isatty(STDIN_FILENO) == 1);
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

int say_no() {
  log::error("nothing was done");
  return exit_cancelled;
}

int exit_status_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::changed:
    case Outcome::restored:
      return exit_done;
    case Outcome::refused:
      return exit_findings;
    case Outcome::rolled_back:
    case Outcome::failed:
    case Outcome::unfinished:
      return exit_incomplete;
    case Outcome::cancelled:
    case Outcome::not_begun:
      return exit_cancelled;
  }
  return exit_incomplete;
}

int run_plan(Run run, const CommandLine& line) {
  Plan& plan = run.plan;
  if (line.json || line.has("plan-out")) repair::seal_all(plan, run.sites);
  run.status |= status_of_refusals(plan);
  const auto print = [&](std::optional<std::vector<MachineResult>> results) {
    std::optional<std::vector<report::Remaining>> remaining;
    if (run.remaining) remaining = run.remaining(plan, results.has_value(), run.status);
    const report::PlanReport report{plan,       run.targets, std::move(results), run.recovered,
                                    run.status, remaining,   run.unmatched,      run.verb};
    const bool written = write_output(line.json         ? report::plan_json(report)
                                      : line.has("csv") ? report::plan_csv(report)
                                      : report.results  ? report::results_text(report, line.style)
                                                        : report::plan_text(report, line.style));
    return written ? run.status : run.status | exit_incomplete;
  };
  if (line.has("plan-out")) {
    const int saved = save_plan(line.text("plan-out"), plan);
    return saved == exit_done ? print(std::nullopt) : saved;
  }
  if (line.has("dry-run") || (plan.machines.empty() && !run.waits)) return print(std::nullopt);
  if (!line.json && !line.has("csv"))
    write_output(report::plan_text(
        {plan, run.targets, std::nullopt, run.recovered, run.status, std::nullopt, run.unmatched, run.verb},
        line.style));
  const auto agreed = is_agreed(line, "Nothing can stop these virtual machines from being powered on meanwhile.");
  if (!agreed) return exit_usage;
  if (!*agreed) return say_no();
  repair::seal_all(plan, run.sites);
  plan.owner = repair::this_owner();
  keep_connection(line, plan);
  repair::number_machines(plan);
  auto journal = repair::create_journal(plan);
  if (!journal) {
    log::error("nothing was done: the journal cannot be written: " + journal.error().message);
    return exit_incomplete;
  }
  auto results = carry_out_all(run, run.is_old || !line.has("yes"), **journal);
  run.status |= status_of(results, line);
  return print(std::move(results));
}

}  // namespace cbtctl::cli
