#include "cli/recover.h"

#include <algorithm>

#include "cli/exit_status.h"
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

bool is_taken_over(const CommandLine& line, const repair::Unfinished& unfinished) {
  const auto words = line.list("take-over");
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word == unfinished.run || word == unfinished.folder.path || word == join(unfinished.folder.path, ".cbtctl");
  });
}

std::string vm_of(const repair::Unfinished& unfinished) { return join(unfinished.folder.path, unfinished.vm_name); }

bool holds(const repair::Unfinished& unfinished, const repair::MachinePlan& machine) {
  const auto folders = repair::folders_of(machine);
  return std::any_of(folders.begin(), folders.end(), [&](const repair::Spot& folder) {
    return machine.roots[folder.root].target == unfinished.folder.root && folder.path == unfinished.folder.path;
  });
}

bool is_settled(Outcome outcome) { return outcome == Outcome::changed || outcome == Outcome::rolled_back; }

}  // namespace

void Stopped::take_out(repair::Plan& plan, bool all) const {
  for (const repair::Unfinished& unfinished : found) {
    const auto taken = std::erase_if(plan.machines, [&](const auto& machine) { return holds(unfinished, machine); });
    if (taken == 0 && !all) continue;
    const std::string vm = vm_of(unfinished);
    const auto told = std::find_if(results.begin(), results.end(), [&](const auto& result) { return result.vm == vm; });
    if (told != results.end())
      plan.refused.push_back({vm, told->reason.value_or(Reason::locked), told->message});
    else
      plan.refused.push_back(
          {vm, Reason::locked, unfinished.folder.path + "/.cbtctl/lock is held by " + unfinished.owner});
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

void recover_stopped(Stopped& stopped, const std::vector<repair::Site>& sites, const repair::Look& look,
                     const CommandLine& line, int& status) {
  std::vector<repair::Unfinished> left;
  for (const repair::Unfinished& first : stopped.found) {
    storage::Writer& writer = *sites[first.folder.root].writer;
    auto found = repair::find_unfinished(first.folder, writer);  // another folder of the same run may have settled it
    for (int round = 0; found && round < most_rounds; ++round) {
      repair::MachineResult result = repair::recover(*found, sites, look, is_taken_over(line, *found));
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
  stopped.found = std::move(left);
}

}  // namespace cbtctl::cli
