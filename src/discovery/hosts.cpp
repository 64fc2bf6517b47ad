// A host names machines by absolute paths; each is resolved like a path in a file, and so falls on the same file
// whichever host names it, by the volume's name or its identity.
#include "discovery/hosts.h"

#include <algorithm>
#include <set>
#include <utility>

#include "discovery/power.h"
#include "discovery/volumes.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"
#include "host/locks.h"
#include "host/states.h"
#include "host/volumes.h"

namespace cbtctl::discovery {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::file_name;
using formats::core::parent_of;
using formats::core::Result;
using model::Index;

std::string key_of(const Spot& spot) { return std::to_string(spot.place) + '/' + spot.path; }

// Where an absolute path of a place's host leads in the scan: by the volume's identity, which other hosts share, where
// the host tells it. The tail of a path is no proof.
std::optional<Spot> spot_on(const Tree& tree, std::size_t place, const model::HostInventory& inventory,
                            const std::string& path) {
  auto resolved = tree.resolve({place, {}}, inventory.volumes ? host::by_identity(*inventory.volumes, path) : path);
  if (!resolved || resolved->by_tail) return std::nullopt;
  return std::move(resolved->spot);
}

std::map<std::string, Index> files_of_machines(const Loader& loader, const model::Datastore& datastore) {
  std::map<std::string, Index> files;
  for (const model::VirtualMachine& machine : datastore.virtual_machines) {
    files.emplace(key_of(loader.spot_of(machine.file)), machine.file);
  }
  return files;
}

// The .vmx that was found where a host says that a machine is.
std::optional<Index> found_at(const std::map<std::string, Index>& files, const std::optional<Spot>& spot) {
  const auto file = spot ? files.find(key_of(*spot)) : files.end();
  return file == files.end() ? std::nullopt : std::optional(file->second);
}

// Nothing is there although its folder, or the one above that, was listed.
bool is_missing(const Tree& tree, const std::vector<Place>& places, const Spot& spot) {
  if (!places[spot.place].only_vmx.empty()) return false;
  const Lookup here = tree.look_up(spot);
  if (here.entry != nullptr || here.error) return false;
  const std::string_view folder = parent_of(spot.path);
  if (tree.folder(spot.place, folder) != nullptr) return true;
  return !tree.look_up({spot.place, std::string(folder)}).error;
}

// The files whose locks tell of a machine: the process's own, where it is there, and the active links' extents; of one
// that shall be changed the .vmx too.
std::vector<Spot> files_to_ask(const Tree& tree, const Loader& loader, const model::Datastore& datastore,
                               const model::VirtualMachine& machine, bool is_changed) {
  std::vector<Spot> spots;
  if (is_changed) spots.push_back(loader.spot_of(machine.file));
  Spot lock = loader.spot_of(machine.file);
  lock.path = formats::vmware::lock_of(lock.path);
  if (tree.look_up(lock).entry != nullptr) spots.push_back(lock);
  for (const model::Disk& disk : machine.disks) {
    const auto& active = disk.chain.front().descriptor;
    if (!active) continue;
    for (const model::Extent& extent : datastore.descriptors[*active].extents) {
      const bool exists = extent.reference && extent.reference->file && datastore.files[*extent.reference->file].exists;
      if (exists) spots.push_back(loader.spot_of(*extent.reference->file));
    }
  }
  return spots;
}

// The line to the host failed in the middle: what is there is not the whole report.
void lose(model::Target& target, const model::Error& error) {
  if (!target.error) target.error = error.in("what the host knows");
}

// "/vmfs/volumes/ds1/web01/web01.vmx" as the host writes it: "[ds1] web01/web01.vmx"; empty if it lies elsewhere.
std::string as_written(std::string_view path) {
  const auto place = formats::vmware::parse_volume_path(path);
  return place ? "[" + std::string(place->volume) + "] " + std::string(place->path) : std::string();
}

Result<host::MachineState> confirmed(const Result<host::MachineState>& state, const model::Target& target,
                                     const std::string& id) {
  if (!state) return state.error();
  for (const model::RegisteredMachine& each : *target.inventory->registered) {
    if (each.id == id && as_written(each.path) != state->written_path)
      return Error{ErrorKind::malformed, "it is " + state->written_path + ", listed as " + each.path};
  }
  return state;
}

// What the host says of one machine: its power, and its tasks among the others'.
void take_state(model::Target& target, const std::string& id, const Result<host::MachineState>& told,
                model::VirtualMachine& machine) {
  const auto state = confirmed(told, target, id);
  machine.power = power_with_state(std::move(machine.power), target.location, id, state);
  if (!state || !target.inventory->tasks) return;
  auto& tasks = *target.inventory->tasks;
  tasks.insert(tasks.end(), state->tasks.begin(), state->tasks.end());
}

bool is_suspended(const model::VirtualMachine& machine) { return !machine.settings.checkpoint_vm_state.empty(); }

}  // namespace

Hosts::Hosts(const std::vector<Place>& places) : places_(places) {
  for (const Place& place : places_) {
    if (!place.target.error && place.commands) pending_.try_emplace(place.host, *place.commands);
  }
}

void Hosts::join(const Tree& tree, const Loader& loader, model::Datastore& datastore, const WillChange& will_change) {
  collect(datastore);
  if (std::none_of(datastore.targets.begin(), datastore.targets.end(),
                   [](const model::Target& target) { return target.inventory.has_value(); }))
    return;
  tell_datastores(tree, datastore);
  find_registered(tree, loader, datastore);
  find_running(tree, loader, datastore);
  tell_power(tree, loader, datastore, will_change);
}

void Hosts::collect(model::Datastore& datastore) {
  std::map<std::string, Result<host::Facts>> answered;
  for (auto& [host, pending] : pending_) answered.emplace(host, pending.get());
  for (std::size_t place = 0; place < places_.size(); ++place) {
    const auto facts = answered.find(places_[place].host);
    if (facts == answered.end() || !places_[place].commands) continue;
    model::Target& target = datastore.targets[place];
    if (facts->second) {
      target.host = facts->second->version;
      target.inventory = facts->second->inventory;
    } else {
      lose(target, facts->second.error());
    }
  }
}

void Hosts::tell_datastores(const Tree& tree, model::Datastore& datastore) const {
  for (std::size_t place = 0; place < places_.size(); ++place) {
    model::Target& target = datastore.targets[place];
    if (!target.inventory || !target.inventory->volumes) continue;
    const auto add = [&](const std::string& path, const std::string& absolute) {
      const model::Volume* volume = host::volume_of(*target.inventory->volumes, absolute);
      if (volume != nullptr) target.datastores.push_back({path, volume->type});
    };
    for (const std::string& root : places_[place].roots) add({}, root);
    const Folder* root = is_volumes_root(places_[place]) ? tree.folder(place, "") : nullptr;
    if (root == nullptr) continue;
    for (const storage::Entry& entry : root->entries) {
      add(entry.name, formats::vmware::volume_path(entry.name, {}));
    }
  }
}

void Hosts::find_registered(const Tree& tree, const Loader& loader, model::Datastore& datastore) {
  const auto files = files_of_machines(loader, datastore);
  std::map<Index, std::vector<model::Registration>> registrations;
  std::set<Index> doubted;
  for (Index place = 0; place < places_.size(); ++place) {
    auto& inventory = datastore.targets[place].inventory;
    if (!inventory || !inventory->registered) continue;
    for (const std::string& path : inventory->doubted_paths) {
      if (const auto file = found_at(files, spot_on(tree, place, *inventory, path))) doubted.insert(*file);
    }
    for (model::RegisteredMachine& registered : *inventory->registered) {
      const auto spot = spot_on(tree, place, *inventory, registered.path);
      if (!spot) registered.is_elsewhere = is_volumes_root(places_[place]);
      if (!spot) continue;
      registered.file = found_at(files, spot);
      if (registered.file) {
        registrations[*registered.file].push_back({place, registered.id});
      } else {
        registered.is_missing = spot->place < places_.size() && is_missing(tree, places_, *spot);
      }
    }
  }
  for (model::VirtualMachine& machine : datastore.virtual_machines) {
    const bool is_told = std::any_of(machine.seen_by.begin(), machine.seen_by.end(), [&](const Index target) {
      const auto& inventory = datastore.targets[target].inventory;
      return inventory && inventory->registered;
    });
    if (is_told && !doubted.contains(machine.file)) machine.registrations = std::move(registrations[machine.file]);
  }
}

void Hosts::find_running(const Tree& tree, const Loader& loader, const model::Datastore& datastore) {
  const auto files = files_of_machines(loader, datastore);
  for (Index place = 0; place < places_.size(); ++place) {
    const auto& inventory = datastore.targets[place].inventory;
    if (!inventory || !inventory->running) continue;
    for (const model::RunningMachine& running : *inventory->running) {
      const auto file = found_at(files, spot_on(tree, place, *inventory, running.path));
      if (file) running_[{place, *file}] = true;
    }
  }
}

void Hosts::tell_power(const Tree& tree, const Loader& loader, model::Datastore& datastore,
                       const WillChange& will_change) {
  std::vector<Index> unsettled;
  std::set<Index> changed;
  const std::vector<bool> will_be_changed = will_change ? will_change(datastore) : std::vector<bool>();
  for (Index i = 0; i < datastore.virtual_machines.size(); ++i) {
    model::VirtualMachine& machine = datastore.virtual_machines[i];
    std::vector<model::HostSign> signs;
    std::set<std::string> hosts;  // two targets may be on one host
    for (const Index target : machine.seen_by) {
      const auto& inventory = datastore.targets[target].inventory;
      if (!inventory || !hosts.insert(places_[target].host).second) continue;
      model::HostSign sign{.host = datastore.targets[target].location};
      if (inventory->running) sign.running = running_.contains({target, machine.file});
      sign.tells_registrations = inventory->registered && machine.registrations;
      for (const model::Registration& registration :
           machine.registrations.value_or(std::vector<model::Registration>{})) {
        if (registration.target == target) sign.id = registration.id;
      }
      signs.push_back(std::move(sign));
    }
    if (signs.empty()) continue;
    if (will_change && will_be_changed[i]) changed.insert(i);
    if (changed.contains(i) || needs_locks(machine.power, signs)) unsettled.push_back(i);
    machine.power = power_with_hosts(std::move(machine.power), signs);
  }
  ask(tree, loader, datastore, unsettled, changed);
  for (model::VirtualMachine& machine : datastore.virtual_machines) {
    const bool may_be_suspended = machine.settings.contradicts_itself("checkpoint.vmState");
    if (may_be_suspended && machine.power.state == model::PowerState::off)
      machine.power.state = model::PowerState::unknown;
  }
}

// One request per place for all its machines. Whoever acts on a registration has it confirmed first: a note can be made
// to look like one.
void Hosts::ask(const Tree& tree, const Loader& loader, model::Datastore& datastore, const std::vector<Index>& machines,
                const std::set<Index>& changed) const {
  struct Asked {
    std::vector<std::pair<Index, Spot>> files;  // and the machine that they tell of
    std::vector<std::pair<Index, std::string>> ids;
  };
  std::map<std::size_t, Asked> by_place;
  for (const Index machine : machines) {
    const model::VirtualMachine& subject = datastore.virtual_machines[machine];
    for (Spot& spot : files_to_ask(tree, loader, datastore, subject, changed.contains(machine))) {
      const bool can_ask = spot.place < places_.size() && places_[spot.place].commands;
      if (can_ask) by_place[spot.place].files.emplace_back(machine, std::move(spot));
    }
    if (!changed.contains(machine) || !subject.registrations) continue;
    for (const model::Registration& each : *subject.registrations)
      by_place[each.target].ids.emplace_back(machine, each.id);
  }
  std::map<Index, std::vector<model::LockSign>> locks;
  std::vector<std::function<void()>> states;
  for (const auto& [place, asked] : by_place) {
    host::Questions questions;
    for (const auto& [machine, spot] : asked.files)
      questions.files.push_back(places_[place].roots.back() + "/" + tree.read_path(spot));
    for (const auto& [machine, id] : asked.ids) questions.ids.push_back(id);
    const auto told = host::ask(*places_[place].commands, questions);
    if (!told) lose(datastore.targets[place], told.error());
    for (std::size_t i = 0; i < asked.files.size(); ++i) {
      const auto& [machine, spot] = asked.files[i];
      const std::string name(file_name(spot.path));
      locks[machine].push_back({name, formats::vmware::parse_name(name).kind == formats::vmware::NameKind::lock,
                                told ? told->locks[i] : told.error()});
    }
    for (std::size_t i = 0; i < asked.ids.size(); ++i) {
      states.emplace_back([&datastore, place = place, asked = asked.ids[i],
                           state = told ? told->states[i] : Result<host::MachineState>(told.error())] {
        take_state(datastore.targets[place], asked.second, state, datastore.virtual_machines[asked.first]);
      });
    }
  }
  for (const auto& [machine, signs] : locks) {
    model::VirtualMachine& subject = datastore.virtual_machines[machine];
    subject.power = changed.contains(machine)
                        ? power_with_all_locks(std::move(subject.power), is_suspended(subject), signs)
                        : power_with_locks(std::move(subject.power), is_suspended(subject), signs);
  }
  for (const auto& take : states) take();
}

}  // namespace cbtctl::discovery
