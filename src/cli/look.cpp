#include "cli/look.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "cli/targets.h"
#include "discovery/discover.h"
#include "discovery/discover_for_change.h"
#include "formats/core/path.h"
#include "repair/guards.h"

namespace cbtctl::cli {
namespace {

discovery::Place place_at(const std::string& root, const std::vector<discovery::Place>& known) {
  const auto open = std::find_if(known.begin(), known.end(), [&](const discovery::Place& place) {
    return !place.target.error && root_of(place) == root;
  });
  if (open != known.end()) return *open;
  discovery::Place place;
  place.target.location = root;
  place.target.error = formats::core::Error{formats::core::ErrorKind::unavailable, root + " is not open"};
  return place;
}

std::vector<discovery::Place> places_of(const repair::MachinePlan& machine,
                                        const std::vector<discovery::Place>& known) {
  std::vector<discovery::Place> places;
  for (const repair::Root& root : machine.roots) {
    places.push_back(place_at(root.location, known));
    places.back().only_vmx.clear();
  }
  return places;
}

// The one machine of a plan, which its roots' first place holds.
discovery::WillChange only(const repair::MachinePlan& machine) {
  return [vm = machine.vm](const model::Datastore& datastore) {
    std::vector<bool> is_it;
    for (const model::VirtualMachine& each : datastore.virtual_machines) {
      const model::File& file = datastore.files[each.file];
      is_it.push_back(file.target == 0 && file.path == vm);
    }
    return is_it;
  };
}

}  // namespace

repair::Look look_through(std::vector<discovery::Place> known, std::vector<discovery::Mapping> mappings) {
  return [known = std::move(known), mappings = std::move(mappings)](const repair::MachinePlan& machine) {
    auto places = places_of(machine, known);
    for (const repair::Spot& folder : machine.folders) places[folder.root].only_folders.push_back(folder.path);
    return discovery::discover_for_change(places, mappings, only(machine));
  };
}

namespace {

// Each set of roots once; what was seen lives as long as the function.
std::function<const model::Datastore&(const repair::MachinePlan&)> everywhere_once(
    std::vector<discovery::Place> known, std::vector<discovery::Mapping> mappings) {
  using Seen = std::map<std::vector<std::string>, model::Datastore>;
  return [known = std::move(known), mappings = std::move(mappings),
          seen = std::make_shared<Seen>()](const repair::MachinePlan& machine) -> const model::Datastore& {
    std::vector<std::string> roots;
    for (const repair::Root& root : machine.roots) roots.push_back(root.location);
    const auto [look, first] = seen->try_emplace(roots);
    if (first) look->second = discovery::discover(places_of(machine, known), mappings);
    return look->second;
  };
}

}  // namespace

repair::Look look_everywhere(std::vector<discovery::Place> known, std::vector<discovery::Mapping> mappings) {
  return everywhere_once(std::move(known), std::move(mappings));
}

repair::Look look_back_through(std::vector<discovery::Place> known, std::vector<discovery::Mapping> mappings) {
  return [near = look_through(known, mappings),
          everywhere = everywhere_once(known, mappings)](const repair::MachinePlan& machine) {
    std::set<repair::Spot> folders(machine.folders.begin(), machine.folders.end());
    const model::Datastore& all = everywhere(machine);
    for (const model::VirtualMachine& other : all.virtual_machines) {
      const model::File& file = all.files[other.file];
      if (file.target < machine.roots.size() && repair::holds_what_changes(machine, all, other))
        folders.insert({file.target, std::string(formats::core::parent_of(file.path))});
    }
    repair::MachinePlan wider = machine;
    wider.folders.assign(folders.begin(), folders.end());
    return near(wider);
  };
}

}  // namespace cbtctl::cli
