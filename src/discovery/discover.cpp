#include "discovery/discover.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "discovery/chains.h"
#include "discovery/discover_for_change.h"
#include "discovery/hosts.h"
#include "discovery/loader.h"
#include "discovery/logs.h"
#include "discovery/names.h"
#include "discovery/power.h"
#include "formats/core/ascii.h"
#include "formats/core/path.h"

namespace cbtctl::discovery {
namespace {

using formats::core::join;
using formats::core::lower;
using formats::core::stem_of;
using model::Index;

void name_runs(const storage::Listing& listing, model::Quarantine& quarantine) {
  for (const storage::Entry& run : listing.entries) {
    if (run.type == storage::EntryType::folder && run.name != "lock") quarantine.runs.push_back(run.name);
  }
  std::sort(quarantine.runs.begin(), quarantine.runs.end());
}

// One request for each, all under way together.
void find_quarantine(const Tree& tree, const std::vector<Place>& places, model::Datastore& datastore) {
  for (std::size_t place = 0; place < places.size(); ++place) {
    const std::size_t first = datastore.quarantine.size();
    std::vector<storage::Submission> submissions;
    for (const Folder& folder : tree.folders(place)) {
      const storage::Entry* entry = places[place].only_folders.empty() ? folder.find(".cbtctl") : nullptr;
      if (entry == nullptr || entry->type != storage::EntryType::folder) continue;
      const Spot spot{place, join(folder.path, ".cbtctl")};
      submissions.push_back({datastore.quarantine.size(), storage::ListRequest{tree.read_path(spot)}});
      datastore.quarantine.push_back({.target = place, .path = spot.path, .runs = {}});
    }
    if (datastore.quarantine.size() == first) continue;
    storage::Reader& reader = *places[place].reader;
    reader.submit(std::move(submissions));
    for (auto replies = reader.collect(); !replies.empty(); replies = reader.collect()) {
      for (const storage::Reply& reply : replies) {
        if (reply.answer) name_runs(std::get<storage::Listing>(*reply.answer), datastore.quarantine[reply.tag]);
      }
    }
  }
}

void tell_listed(const Tree& tree, model::Datastore& datastore) {
  for (Index place = 0; place < datastore.targets.size(); ++place) {
    datastore.targets[place].not_entered = tree.not_entered(place);
    for (const Folder& folder : tree.folders(place)) {
      if (!folder.error) continue;
      model::Target& target = datastore.targets[place];
      const bool is_all = folder.path.empty() && folder.entries.empty();
      if (is_all && !target.error) target.error = folder.error->in(target.location);
      datastore.unreadable_folders.push_back({.target = place, .path = folder.path, .error = folder.error});
    }
  }
}

// Members are large: their places are sorted, and each moves once.
template <typename Member>
void sort_by_path(std::vector<Member>& members, const std::vector<model::File>& files) {
  std::vector<Index> order(members.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto comes_first = [&](Index a, Index b) { return is_before(files[members[a].file], files[members[b].file]); };
  if (std::is_sorted(order.begin(), order.end(), comes_first)) return;  // nearly always
  std::sort(order.begin(), order.end(), comes_first);
  std::vector<Member> sorted;
  sorted.reserve(members.size());
  for (const Index at : order) sorted.push_back(std::move(members[at]));
  members = std::move(sorted);
}

// Of one path but for letter case: a list that is no other machine's by its exact name.
void pair_ignoring_case(model::Datastore& datastore, const std::vector<bool>& taken) {
  std::map<std::pair<Index, std::string>, Index> left;
  for (Index i = 0; i < taken.size(); ++i) {
    const model::File& file = datastore.files[datastore.snapshot_files[i].file];
    if (!taken[i]) left.emplace(std::pair(file.target, lower(stem_of(file.path))), i);
  }
  if (left.empty()) return;
  for (model::VirtualMachine& machine : datastore.virtual_machines) {
    const model::File& file = datastore.files[machine.file];
    if (machine.snapshot_file) continue;
    const auto found = left.find({file.target, lower(stem_of(file.path))});
    if (found != left.end()) machine.snapshot_file = found->second;
  }
}

void pair_with_snapshot_lists(model::Datastore& datastore) {
  using Lists = std::unordered_map<std::string_view, Index>;  // by path without extension: the first
  std::vector<Lists> lists(datastore.targets.size());
  std::vector<bool> taken(datastore.snapshot_files.size());
  for (Index i = 0; i < datastore.snapshot_files.size(); ++i) {
    const model::File& file = datastore.files[datastore.snapshot_files[i].file];
    lists[file.target].emplace(stem_of(file.path), i);
  }
  for (model::VirtualMachine& machine : datastore.virtual_machines) {
    const model::File& configuration = datastore.files[machine.file];
    const Lists& beside = lists[configuration.target];
    const auto found = beside.find(stem_of(configuration.path));
    if (found == beside.end()) continue;
    machine.snapshot_file = found->second;
    taken[found->second] = true;
  }
  pair_ignoring_case(datastore, taken);
}

void tell_power(const Tree& tree, const Loader& loader, model::Datastore& datastore) {
  for (model::VirtualMachine& machine : datastore.virtual_machines) {
    const Spot spot = loader.spot_of(machine.file);
    if (!machine.unreadable) machine.power = power_from_files(machine.settings, tree, spot);
    if (machine.unreadable) machine.power.evidence = {model::FileSign{model::FileFact::configuration_unreadable}};
    machine.seen_by = tree.seen_by(spot.place, spot.path);
    machine.is_targeted = tree.is_targeted(spot);
  }
}

void tell_other_ways(const Tree& tree, const Loader& loader, model::Datastore& datastore) {
  for (Index file = 0; datastore.targets.size() > 1 && file < datastore.files.size(); ++file) {
    if (!datastore.files[file].tracking && !datastore.files[file].sparse) continue;
    for (const Spot& way : tree.other_ways(loader.spot_of(file))) {
      datastore.other_ways[file].push_back({way.place, tree.read_path(way)});
    }
  }
}

}  // namespace

namespace {

model::Datastore look(const std::vector<Place>& places, const std::vector<Mapping>& mappings, bool with_logs,
                      const WillChange& will_change) {
  model::Datastore datastore;
  for (const Place& place : places) datastore.targets.push_back(place.target);
  Hosts hosts(places);
  Tree tree(places, mappings);
  Loader loader(tree, datastore);
  tree.list({Loader::glance, [&](Tree::Visited visited) { loader.meet(visited); }});
  tell_listed(tree, datastore);
  for (Index place = 0; place < places.size(); ++place) datastore.targets[place].volumes = tree.volumes(place);
  loader.load_by_reference();

  sort_by_path(datastore.virtual_machines, datastore.files);
  sort_by_path(datastore.snapshot_files, datastore.files);
  sort_by_path(datastore.tracking_files, datastore.files);
  for (Index i = 0; i < datastore.tracking_files.size(); ++i) {
    datastore.files[datastore.tracking_files[i].file].tracking = i;
  }
  pair_with_snapshot_lists(datastore);
  build_chains(loader, datastore);
  tell_power(tree, loader, datastore);
  hosts.join(tree, loader, datastore, will_change);
  tell_other_ways(tree, loader, datastore);
  find_quarantine(tree, places, datastore);
  if (with_logs) read_logs(tree, loader, datastore);
  return datastore;
}

// Whether a connection was lost that was there before; its place has the error now.
bool lost_some(std::vector<Place>& places) {
  bool lost = false;
  for (Place& place : places) {
    if (place.target.error || place.reader == nullptr) continue;
    place.target.error = place.reader->failure();
    lost = lost || place.target.error;
  }
  return lost;
}

// What was read of a place before its connection was lost is worth nothing: half a datastore is full of orphans. The
// others are looked at again without it.
model::Datastore look_until_whole(const std::vector<Place>& places, const std::vector<Mapping>& mappings,
                                  bool with_logs, const WillChange& will_change) {
  model::Datastore datastore = look(places, mappings, with_logs, will_change);
  std::vector<Place> left = places;
  while (lost_some(left)) datastore = look(left, mappings, with_logs, will_change);
  return datastore;
}

}  // namespace

model::Datastore discover(const std::vector<Place>& places, const std::vector<Mapping>& mappings, bool with_logs) {
  return look_until_whole(places, mappings, with_logs, {});
}

model::Datastore discover_for_change(const std::vector<Place>& places, const std::vector<Mapping>& mappings,
                                     const WillChange& will_change) {
  return look_until_whole(places, mappings, false, will_change);
}

}  // namespace cbtctl::discovery
