#include "cli/plan_places.h"

#include <algorithm>
#include <set>

#include "cli/exit_status.h"
#include "cli/targets.h"
#include "log/log.h"
#include "repair/workplace.h"
#include "storage/location.h"
#include "storage/ssh_reader.h"

namespace cbtctl::cli {

std::vector<repair::Site> sites_of(const std::vector<discovery::Place>& places) {
  std::vector<repair::Site> sites;
  for (const discovery::Place& place : places) {
    repair::Site site{.root = root_of(place), .writer = {}, .commands = {}};
    if (!place.target.error && place.target.is_ssh && place.commands) {
      site.commands = place.commands;
      site.writer = storage::open_ssh_writer(std::dynamic_pointer_cast<storage::SshReader>(place.reader));
    } else if (!place.target.error && !place.target.is_ssh) {
      if (auto writer = storage::open_local_writer(site.root)) site.writer = std::move(*writer);
    }
    sites.push_back(std::move(site));
  }
  return sites;
}

formats::core::Result<PlanPlaces> places_of(std::vector<repair::MachinePlan>& machines, const CommandLine& line) {
  std::vector<std::string> roots;
  for (repair::MachinePlan& machine : machines) {
    for (repair::Root& root : machine.roots) {
      const auto same = std::find(roots.begin(), roots.end(), root.location);
      root.target = static_cast<model::Index>(same - roots.begin());
      if (same == roots.end()) roots.push_back(root.location);
    }
  }
  const auto targets = parse_locations(roots);
  if (!targets) return targets.error();
  HostProgress progress(*targets, !line.quiet);
  auto places = open_places(*targets, line, false, progress);
  if (!places) return places.error();
  PlanPlaces found{.targets = {}, .sites = sites_of(*places), .places = std::move(*places)};
  for (std::size_t i = 0; i < roots.size(); ++i) {
    found.sites[i].root = roots[i];
    found.targets.push_back(found.places[i].target);
    found.targets.back().location = roots[i];
    if (!found.targets.back().error && !found.sites[i].writer)
      found.targets.back().error =
          formats::core::Error{formats::core::ErrorKind::denied, roots[i] + ": cannot be written"};
  }
  return found;
}

std::vector<repair::Spot> folders_of(const std::vector<repair::MachinePlan>& machines) {
  std::set<repair::Spot> folders;
  for (const repair::MachinePlan& machine : machines) {
    for (const repair::Spot& folder : repair::folders_of(machine))
      folders.insert({machine.roots[folder.root].target, folder.path});
  }
  return {folders.begin(), folders.end()};
}

void refuse_unreachable(repair::Plan& plan, const PlanPlaces& places) {
  std::set<model::Index> told;
  std::erase_if(plan.machines, [&](const repair::MachinePlan& machine) {
    for (const repair::Root& root : machine.roots) {
      if (places.sites[root.target].writer) continue;
      const auto& error = places.targets[root.target].error;
      const std::string why = error ? error->message : root.location + " cannot be written";
      if (told.insert(root.target).second) log::error(why, root.target);
      const bool is_reached = error && error->kind == formats::core::ErrorKind::denied;
      plan.refused.push_back({machine.vm, is_reached ? repair::Reason::unreadable : repair::Reason::unreachable, why,
                              machine.roots.front().target, machine.name});
      return true;
    }
    return false;
  });
}

int status_of_refusals(const repair::Plan& plan) {
  int status = exit_done;
  for (const repair::Refusal& refused : plan.refused)
    status |= refused.reason == repair::Reason::unreachable ? exit_incomplete : exit_findings;
  return status;
}

}  // namespace cbtctl::cli
