#include "cli/plan_places.h"

#include <algorithm>
#include <set>

#include "repair/workplace.h"

namespace cbtctl::cli {

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

PlanPlaces places_of(std::vector<repair::MachinePlan>& machines) {
  PlanPlaces places;
  for (repair::MachinePlan& machine : machines) {
    for (repair::Root& root : machine.roots) {
      const auto same = std::find_if(places.sites.begin(), places.sites.end(),
                                     [&](const auto& site) { return site.root == root.location; });
      root.target = static_cast<model::Index>(same - places.sites.begin());
      if (same != places.sites.end()) continue;
      repair::Site site{.root = root.location, .writer = {}};
      model::Target target;
      target.location = root.location;
      auto writer = storage::open_local_writer(root.location);
      if (writer)
        site.writer = std::move(*writer);
      else
        target.error = writer.error();
      places.sites.push_back(std::move(site));
      places.targets.push_back(std::move(target));
    }
  }
  return places;
}

std::vector<repair::Spot> folders_of(const std::vector<repair::MachinePlan>& machines) {
  std::set<repair::Spot> folders;
  for (const repair::MachinePlan& machine : machines) {
    for (const repair::Spot& folder : repair::folders_of(machine))
      folders.insert({machine.roots[folder.root].target, folder.path});
  }
  return {folders.begin(), folders.end()};
}

void refuse_unreachable(repair::Plan& plan, const std::vector<repair::Site>& sites) {
  std::erase_if(plan.machines, [&](const repair::MachinePlan& machine) {
    for (const repair::Root& root : machine.roots) {
      if (sites[root.target].writer) continue;
      plan.refused.push_back({machine.vm, "unreadable", root.location + " cannot be written"});
      return true;
    }
    return false;
  });
}

}  // namespace cbtctl::cli
