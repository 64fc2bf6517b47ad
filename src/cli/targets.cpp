#include "cli/targets.h"

#include <fnmatch.h>
#include <algorithm>
#include <atomic>
#include <fstream>
#include <functional>
#include <memory>

#include "cli/exit_status.h"
#include "cli/mapping.h"
#include "cli/ssh_options.h"
#include "cli/ssh_places.h"
#include "discovery/discover.h"
#include "discovery/same_place.h"
#include "formats/core/path.h"
#include "formats/text/document.h"
#include "formats/vmware/names.h"
#include "log/log.h"
#include "report/text.h"
#include "storage/local_path.h"
#include "storage/local_reader.h"
#include "storage/location.h"

namespace cbtctl::cli {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::file_name;
using formats::core::parent_of;
using formats::core::Result;
using formats::core::stem_of;
using storage::Location;

// One target a line; blank lines and lines that begin with '#' are none.
Result<std::vector<std::string>> read_targets_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Error{ErrorKind::usage, path + ": cannot be read"};
  std::vector<std::string> targets;
  for (std::string line; std::getline(file, line);) {
    line.resize(std::min({line.size(), line.find(" #"), line.find("\t#")}));
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    targets.push_back(line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin));
  }
  return targets;
}

discovery::Place failed_place(const std::string& text, Error error) {
  discovery::Place place;
  place.target.location = text;
  place.target.error = std::move(error);
  return place;
}

discovery::Place local_place(const Location& target, unsigned workers) {
  const auto resolved = storage::resolve_local(target.path);
  if (!resolved) return failed_place(target.text, resolved.error());
  discovery::Place place;
  place.target.location = target.text;
  std::string given = resolved->given;
  std::string real = resolved->real;
  if (!resolved->is_folder) {  // a link to a configuration asks for that one, where it lies
    place.only_vmx = std::string(file_name(real));
    real = std::string(parent_of(real));
    given = std::string(parent_of(given));
    const auto folder = storage::resolve_local(given + "/");
    if (!folder || folder->real != real) given = real;
  }
  auto reader = storage::open_local(real, workers);
  if (!reader) return failed_place(target.text, reader.error());
  place.reader = std::move(*reader);
  place.roots.push_back(given);
  if (real != given) place.roots.push_back(real);
  return place;
}

unsigned workers_of(const CommandLine& line) {
  return line.has("workers") ? line.number("workers") : storage::default_workers;
}

bool matches(const std::string& glob, const model::VirtualMachine& machine, const std::string& path) {
  const std::string name(file_name(path));
  const std::string stem(stem_of(name));
  const auto hit = [&](const std::string& text) { return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0; };
  return hit(machine.settings.display_name) || hit(name) || hit(stem);
}

}  // namespace

bool Selection::is_all(const model::Datastore& datastore) const {
  return slots.empty() && has_every_machine(datastore);
}

bool Selection::has_every_machine(const model::Datastore& datastore) const {
  const auto& machines = datastore.virtual_machines;
  return globs.empty() &&
         std::all_of(machines.begin(), machines.end(), std::mem_fn(&model::VirtualMachine::is_targeted));
}

bool Selection::has(const model::Datastore& datastore, const model::VirtualMachine& machine) const {
  if (!machine.is_targeted) return false;
  const std::string& path = datastore.files[machine.file].path;
  bool wanted = std::all_of(globs.begin(), globs.end(), [](const std::string& glob) { return glob.starts_with('!'); });
  for (const std::string& glob : globs) {
    if (glob.starts_with('!')) {
      if (matches(glob.substr(1), machine, path)) return false;
    } else if (matches(glob, machine, path)) {
      wanted = true;
    }
  }
  return wanted;
}

bool Selection::has_slot(std::string_view slot) const {
  return slots.empty() || std::any_of(slots.begin(), slots.end(), [&](const std::string& wanted) {
           return formats::text::equal_ignoring_case(wanted, slot);
         });
}

// A name that is nobody's is most likely mistyped, and silence would pass for health.
void Selection::tell_unmatched(const model::Datastore& datastore) const {
  for (const std::string& glob : globs) {
    const Selection alone{.globs = {glob}, .slots = {}};
    const auto& machines = datastore.virtual_machines;
    const bool found = glob.starts_with('!') || std::any_of(machines.begin(), machines.end(), [&](const auto& machine) {
                         return alone.has(datastore, machine);
                       });
    if (!found) log::warning("no virtual machine is called '" + glob + "'");
  }
}

void Selection::narrow(model::Datastore& datastore) const {
  std::erase_if(datastore.virtual_machines,
                [&](const model::VirtualMachine& machine) { return !has(datastore, machine); });
  if (slots.empty()) return;
  for (model::VirtualMachine& machine : datastore.virtual_machines) {
    std::erase_if(machine.disks, [&](const model::Disk& disk) { return !has_slot(disk.settings.slot); });
  }
  std::erase_if(datastore.virtual_machines, [](const model::VirtualMachine& machine) { return machine.disks.empty(); });
}

Result<std::vector<Location>> parse_locations(const std::vector<std::string>& texts) {
  std::vector<Location> locations;
  for (const std::string& text : texts) {
    auto location = storage::parse_location(text);
    if (!location) return location.error();
    locations.push_back(std::move(*location));
  }
  return locations;
}

// Local targets one after another, hosts together; in the order of the targets.
Result<std::vector<discovery::Place>> open_places(const std::vector<Location>& targets, const CommandLine& line,
                                                  bool walks, HostProgress& progress) {
  const unsigned workers = workers_of(line);
  std::vector<discovery::Place> places(targets.size());
  std::vector<Location> hosts;
  std::vector<std::size_t> host_places;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].is_ssh) {
      hosts.push_back(targets[i]);
      host_places.push_back(i);
    } else {
      places[i] = local_place(targets[i], workers);
    }
  }
  const auto options = ssh_options_of(line, !hosts.empty());
  if (!options) return options.error();
  auto opened = open_ssh_places(hosts, *options, line.number("jobs"), walks, progress);
  for (std::size_t i = 0; i < opened.size(); ++i) places[host_places[i]] = std::move(opened[i]);
  for (const discovery::Place& place : places) {
    if (!place.target.error && !place.only_vmx.empty() && !formats::vmware::names_a_configuration(place.only_vmx)) {
      return Error{ErrorKind::usage, place.target.location + ": a target is a folder, a .vmx or a .vmtx"};
    }
  }
  return places;
}

Options target_options() {
  Options own("Targets and selection");
  own.texts("targets-file", "read one target a line from this file ('#': comment)");
  own.texts("map", "REMOTE=LOCAL: where absolute paths inside files are found");
  own.texts("vm", "only VMs whose display name or .vmx name matches this glob; !GLOB excludes");
  own.texts("disk", "only this slot, for example scsi0:0");
  own.number("workers", "how many workers read at once", storage::default_workers);
  add_ssh_options(own);
  return own;
}

discovery::WillChange all_selected(const Selection& selection) {
  return [selection](const model::Datastore& datastore, const model::VirtualMachine& machine) {
    return selection.has(datastore, machine);
  };
}

std::variant<Scanned, int> discover_targets(const Verb& verb, const CommandLine& line, bool with_logs,
                                            bool for_change) {
  const std::string help = "cbtctl " + std::string(verb.name) + " --help";
  std::vector<std::string> texts = line.arguments;
  for (const std::string& path : line.list("targets-file")) {
    const auto more = read_targets_file(path);
    if (!more) return usage_error(more.error().message, help);
    texts.insert(texts.end(), more->begin(), more->end());
  }
  if (texts.empty()) return usage_error(std::string(verb.name) + " needs a target", help);
  const unsigned workers = line.number("workers");
  if (workers == 0 || workers > 256) return usage_error("--workers takes a number from 1 to 256", help);

  auto mappings = mappings_of(line);
  if (!mappings) return usage_error(mappings.error().message, help);
  const auto targets = parse_locations(texts);
  if (!targets) return usage_error(targets.error().message, help);
  HostProgress progress(*targets, !line.quiet);
  auto places = open_places(*targets, line, true, progress);
  if (!places) return usage_error(places.error().message, help);
  discovery::match_places(*places);
  Selection selection{line.list("vm"), line.list("disk")};
  model::Datastore datastore = for_change ? discovery::discover_for_change(*places, *mappings, all_selected(selection))
                                          : discovery::discover(*places, *mappings, with_logs);
  for (discovery::Place& place : *places) place.volumes.reset();  // later looks ask anew
  selection.tell_unmatched(datastore);
  if (!for_change) tell_costs(*places);  // a change costs more to come
  return Scanned{std::move(datastore), std::move(selection), std::move(*places), std::move(*mappings)};
}

Result<std::vector<discovery::Mapping>> mappings_of(const CommandLine& line) {
  auto mappings = parse_mappings(line.list("map"));
  if (!mappings) return mappings.error();
  for (discovery::Mapping& mapping : *mappings) {
    auto reader = storage::open_local(mapping.local, workers_of(line));
    if (!reader) return reader.error();
    mapping.reader = std::move(*reader);
  }
  return mappings;
}

void let_go(Scanned&& scanned) {
  static std::atomic<const model::Datastore*> kept;  // reachable, so no leak
  kept = std::make_unique<model::Datastore>(std::move(scanned.datastore)).release();
}

int completeness(const model::Datastore& datastore) {
  int status = exit_done;
  const auto tell = [&](const std::string& what, const Error& error) {
    log::error(what.empty() ? error.message : what + ": " + error.message);
    status = exit_incomplete;
  };
  for (const model::Target& target : datastore.targets) {
    if (target.error) tell({}, *target.error);
  }
  for (const model::File& folder : datastore.unreadable_folders) {
    const model::Target& target = datastore.targets[folder.target];
    if (folder.path.empty() && target.error) continue;  // told as the target
    tell(folder.path.empty() ? target.location : folder.path, *folder.error);
  }
  for (const model::File& file : datastore.files) {
    if (file.error && file.exists && is_incomplete(file.error->kind)) tell(file.path, *file.error);
  }
  return status;
}

}  // namespace cbtctl::cli
