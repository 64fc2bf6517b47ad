#include "cli/recover.h"

#include <algorithm>
#include <set>

#include "cli/exit_status.h"
#include "cli/run_plan.h"
#include "formats/core/path.h"
#include "log/log.h"
#include "report/text.h"

namespace cbtctl::cli {
namespace {

using formats::core::join;
using formats::core::parent_of;
using repair::Outcome;
using repair::Reason;

constexpr int most_rounds = 4;  // a recovery that was stopped itself leaves one run more each time

bool is_meant(const std::string& word, const repair::Unfinished& unfinished) {
  return word == unfinished.run || word == unfinished.folder.path || word == join(unfinished.folder.path, ".cbtctl");
}

bool is_taken_over(const CommandLine& line, const repair::Unfinished& unfinished) {
  const auto words = line.list("take-over");
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) { return is_meant(word, unfinished); });
}

// The target and the .vmx: a run's lock may lie in a folder of one of its disks. Without a plan the folder, and a '/'.
std::pair<model::Index, std::string> machine_of(const repair::Unfinished& unfinished,
                                                const std::vector<repair::Site>& sites) {
  if (unfinished.plan) {
    repair::MachinePlan machine = unfinished.plan->machines.front();
    if (repair::bind(machine, unfinished.run, unfinished.folder, sites))
      return {machine.roots.front().target, machine.vm};
  }
  return {unfinished.folder.root, unfinished.folder.path + "/"};
}

// What would be done, each run of a machine once; whether anything would be.
bool tell(const std::vector<repair::Unfinished>& stopped, const Recovering& with) {
  bool any = false;
  std::set<std::string> told;
  for (const repair::Unfinished& unfinished : stopped) {
    const auto prospect = repair::foresee(unfinished, with.sites, with.look, is_taken_over(with.line, unfinished));
    any |= prospect.may;
    const std::string text = prospect.vm + ": " + prospect.what;
    const std::string by = prospect.may ? " (" + unfinished.owner + ")" : std::string();
    if (told.insert(text).second && prospect.may) log::warning(report::escaped(text + by));
  }
  return any;
}

std::string vm_of(const repair::Unfinished& unfinished) { return join(unfinished.folder.path, unfinished.vm_name); }

bool holds(const repair::Unfinished& unfinished, const repair::MachinePlan& machine) {
  const auto folders = repair::folders_of(machine);
  return std::any_of(folders.begin(), folders.end(), [&](const repair::Spot& folder) {
    return machine.roots[folder.root].target == unfinished.folder.root && folder.path == unfinished.folder.path;
  });
}

bool is_settled(Outcome outcome) { return outcome == Outcome::changed || outcome == Outcome::rolled_back; }

void recover_one(const repair::Unfinished& first, const Recovering& with, Stopped& stopped,
                 std::vector<repair::Unfinished>& left, int& status) {
  storage::Writer& writer = *with.sites[first.folder.root].writer;
  auto found = repair::find_unfinished(first.folder, writer);  // another folder of the same run may have settled it
  for (int round = 0; found && round < most_rounds; ++round) {
    repair::MachineResult result = repair::recover(*found, with.sites, with.look, is_taken_over(with.line, *found));
    const Outcome outcome = result.outcome;
    if (outcome == Outcome::refused) status |= exit_findings;
    if (outcome == Outcome::failed) status |= exit_incomplete;
    log::warning(report::escaped(result.vm + ": " + std::string(name_of(outcome)) + ": " + result.message));
    stopped.results.push_back(std::move(result));
    if (!is_settled(outcome)) break;
    found = repair::find_unfinished(first.folder, writer);
  }
  if (found) left.push_back(std::move(*found));
}

}  // namespace

void Stopped::take_out(repair::Plan& plan, bool all) const {
  for (const repair::Unfinished& unfinished : found) {
    const auto taken = std::erase_if(plan.machines, [&](const auto& machine) { return holds(unfinished, machine); });
    if (taken == 0 && !all) continue;
    const std::string vm = vm_of(unfinished);
    const auto told = std::find_if(results.begin(), results.end(), [&](const auto& result) { return result.vm == vm; });
    if (told != results.end())
      plan.refused.push_back({vm, told->reason.value_or(Reason::locked), told->message, unfinished.folder.root});
    else
      plan.refused.push_back({vm, Reason::locked,
                              unfinished.folder.path + "/.cbtctl/lock is held by " + unfinished.owner,
                              unfinished.folder.root});
  }
}

std::vector<repair::Spot> marked_folders(const model::Datastore& datastore) {
  std::vector<repair::Spot> folders;
  for (const model::Quarantine& quarantine : datastore.quarantine)
    folders.push_back({quarantine.target, std::string(parent_of(quarantine.path))});
  return folders;
}

Stopped find_stopped(const std::vector<repair::Spot>& folders, const std::vector<repair::Site>& sites) {
  Stopped stopped;
  for (const repair::Spot& folder : folders) {
    if (folder.root >= sites.size() || !sites[folder.root].writer) continue;
    if (auto found = repair::find_unfinished(folder, *sites[folder.root].writer))
      stopped.found.push_back(std::move(*found));
  }
  return stopped;
}

std::optional<std::string> ambiguous_take_over(const Stopped& stopped, const Recovering& with) {
  for (const std::string& word : with.line.list("take-over")) {
    std::set<std::string> locks;
    for (const repair::Unfinished& unfinished : stopped.found) {
      if (!is_meant(word, unfinished)) continue;
      const auto [target, vm] = machine_of(unfinished, with.sites);
      locks.insert("run " + unfinished.run + ", " + with.sites[target].root + "/" + vm);
    }
    if (locks.size() < 2) continue;
    std::string list;
    for (const std::string& lock : locks) list += "\n  " + lock;
    return "--take-over " + word + " fits more than one lock; name one target:" + list;
  }
  return std::nullopt;
}

bool recover_stopped(Stopped& stopped, const Recovering& with, int& status) {
  std::vector<repair::Unfinished> left;
  std::vector<repair::Unfinished> selected;
  for (repair::Unfinished& unfinished : stopped.found) {
    const auto [target, vm] = machine_of(unfinished, with.sites);
    (with.is_selected(target, vm) ? selected : left).push_back(std::move(unfinished));
  }
  stopped.found.clear();
  const bool goes_on = tell(selected, with);
  if (goes_on && may_change(with.line) &&
      !is_agreed(with.line, "Runs that were stopped are put right first, as told above.").value_or(false))
    return false;
  for (repair::Unfinished& first : selected) {
    if (may_change(with.line))
      recover_one(first, with, stopped, left, status);
    else
      left.push_back(std::move(first));
  }
  stopped.found = std::move(left);
  return true;
}

}  // namespace cbtctl::cli
