#include "cli/targets.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iostream>
#include <memory>

#include "cli/exit_status.h"
#include "cli/location.h"
#include "cli/mapping.h"
#include "cli/ssh_options.h"
#include "cli/ssh_places.h"
#include "discovery/discover.h"
#include "discovery/same_place.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"
#include "log/log.h"
#include "report/trouble.h"
#include "storage/local_path.h"
#include "storage/local_reader.h"
#include "storage/location.h"
#include "storage/recording_reader.h"

namespace cbtctl::cli {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::file_name;
using formats::core::parent_of;
using formats::core::Result;
using storage::Location;

// The lines of a file, or of standard input for "-", without blanks around them and without those that begin with '#'.
Result<std::vector<std::string>> read_lines(const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path);
  std::istream& lines = path == "-" ? std::cin : file;
  if (!lines) return Error{ErrorKind::usage, path + ": cannot be read"};
  std::vector<std::string> found;
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";  // as Windows begins a text
    if (found.empty() && line.starts_with(byte_order_mark)) line.erase(0, byte_order_mark.size());
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    found.push_back(line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin));
  }
  if (lines.bad()) return Error{ErrorKind::usage, path + ": cannot be read"};
  return found;
}

// One target a line; also what stands behind one may be a comment.
Result<std::vector<std::string>> read_targets_file(const std::string& path) {
  auto targets = read_lines(path);
  if (!targets) return targets.error();
  for (std::string& target : *targets) {
    target.resize(std::min({target.size(), target.find(" #"), target.find("\t#")}));
    target.resize(target.find_last_not_of(" \t") + 1);
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

void record_what_is_read(std::vector<discovery::Place>& places, const ProvenanceRun& run) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i].reader) places[i].reader = storage::open_recording(places[i].reader, run.record, i);
  }
}

unsigned workers_of(const CommandLine& line) {
  return line.has("workers") ? line.number("workers") : storage::default_workers;
}

std::string in_words(const app::Unmatched& unmatched) {
  std::string out = unmatched.option == "--disk" ? "no selected virtual machine has a disk at '" + unmatched.value + "'"
                                                 : "no virtual machine is called '" + unmatched.value + "'";
  if (unmatched.value.starts_with('!') || unmatched.nearest.empty()) return out;
  out += "; near to it:";
  for (const std::string& name : unmatched.nearest) out += " '" + name + "'";
  return out;
}

}  // namespace

Result<app::Selectors> selectors_of(const CommandLine& line) {
  app::Selectors selectors{line.list("vm"), line.list("disk")};
  for (const std::string& path : line.list("vm-file")) {
    const auto names = read_lines(path);
    if (!names) return names.error();
    // An empty file would select everything.
    if (names->empty()) return Error{ErrorKind::usage, path + ": --vm-file names no virtual machine"};
    selectors.machines.insert(selectors.machines.end(), names->begin(), names->end());
  }
  if (auto wrong = app::check_selectors(selectors)) return Error{ErrorKind::usage, std::move(*wrong)};
  return selectors;
}

std::optional<int> tell_unmatched(const std::vector<app::Unmatched>& unmatched,
                                  const std::vector<std::string>& idle_exclusions, bool is_whole,
                                  const CommandLine& line) {
  for (const std::string& exclusion : idle_exclusions)
    log::warning("--vm '" + exclusion + "' excludes no virtual machine: none is called so");
  const bool ends = is_whole && !unmatched.empty() && !line.has("allow-unmatched");
  for (const app::Unmatched& each : unmatched) ends ? log::error(in_words(each)) : log::warning(in_words(each));
  if (!ends) return std::nullopt;
  if (line.json) write_output(report::error_json(exit_usage, unmatched));
  return exit_usage;
}

std::optional<std::string> ambiguous_name(const std::vector<app::Ambiguity>& ambiguous) {
  if (ambiguous.empty()) return std::nullopt;
  std::string out = "--vm " + ambiguous.front().value + " is the name of more than one virtual machine; take the path:";
  for (const std::string& path : ambiguous.front().paths) out += "\n  " + path;
  return out;
}

Result<std::vector<Location>> parse_locations(const std::vector<std::string>& texts) {
  std::vector<Location> locations;
  for (const std::string& text : texts) {
    auto location = location_of(text);
    if (!location) return location.error();
    locations.push_back(std::move(*location));
  }
  return locations;
}

std::string root_of(const discovery::Place& place) {
  if (place.roots.empty()) return place.target.location;
  if (!place.target.is_ssh) return place.roots.back();
  auto location = storage::parse_location(place.target.location);
  if (!location) return place.target.location;
  location->path = place.roots.back();
  return storage::location_text(*location);
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
  for (discovery::Place& place : places) {
    if (!place.target.error) place.target.canonical = root_of(place);
    if (!place.target.error && !place.only_vmx.empty() && !formats::vmware::names_a_configuration(place.only_vmx)) {
      return Error{ErrorKind::usage, place.target.location + ": a target is a folder, a .vmx or a .vmtx"};
    }
  }
  if (line.provenance) record_what_is_read(places, *line.provenance);
  return places;
}

Options target_options() {
  Options own("Targets and selection");
  own.texts("targets-file", "read one target a line from this file ('#': comment, -: standard input)");
  own.texts("map", "REMOTE=LOCAL: where absolute paths inside files are found");
  own.texts("vm", "only the VM of this name, .vmx path or glob; !NAME excludes; a name that begins with ! is \\!NAME");
  own.texts("vm-file", "the same, one a line ('#': comment, -: standard input)");
  own.texts("disk", "only this slot, for example scsi0:0");
  own.flag("allow-unmatched", "a --vm or --disk that matches nothing is a warning and no error");
  own.number("workers", "how many workers read at once", storage::default_workers);
  add_ssh_options(own);
  return own;
}

discovery::WillChange all_selected(const app::Selectors& selectors) {
  return [selectors](const model::Datastore& datastore) {
    const app::Selection selection = app::select(datastore, selectors);
    std::vector<bool> selected;
    for (const model::VirtualMachine& machine : datastore.virtual_machines) selected.push_back(selection.has(machine));
    return selected;
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

  const auto selectors = selectors_of(line);
  if (!selectors) return usage_error(selectors.error().message, help);
  auto mappings = mappings_of(line);
  if (!mappings) return usage_error(mappings.error().message, help);
  const auto targets = parse_locations(texts);
  if (!targets) return usage_error(targets.error().message, help);
  HostProgress progress(*targets, !line.quiet);
  auto places = open_places(*targets, line, true, progress);
  if (!places) return usage_error(places.error().message, help);
  discovery::match_places(*places);
  model::Datastore datastore = for_change ? discovery::discover_for_change(*places, *mappings, all_selected(*selectors))
                                          : discovery::discover(*places, *mappings, with_logs);
  for (discovery::Place& place : *places) place.volumes.reset();  // later looks ask anew
  app::Selection selection = app::select(datastore, *selectors);
  if (const auto wrong = for_change ? ambiguous_name(selection.ambiguous) : std::nullopt)
    return usage_error(*wrong, help);
  if (const auto ended = tell_unmatched(selection.unmatched, selection.idle_exclusions, is_whole(datastore), line))
    return *ended;
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
    if (line.provenance) {
      mapping.reader = storage::open_recording(mapping.reader, line.provenance->record, storage::ReadRecord::no_target,
                                               mapping.local + "/");
    }
  }
  return mappings;
}

void let_go(Scanned&& scanned) {
  static std::atomic<const model::Datastore*> kept;  // reachable, so no leak
  kept = std::make_unique<model::Datastore>(std::move(scanned.datastore)).release();
}

namespace {

// What could not be looked at, each with the path that tells it.
template <typename Tell>
void for_each_unread(const model::Datastore& datastore, const Tell& tell) {
  for (model::Index i = 0; i < datastore.targets.size(); ++i) {
    if (datastore.targets[i].error) tell(std::string(), *datastore.targets[i].error, i);
  }
  for (const model::File& folder : datastore.unreadable_folders) {
    const model::Target& target = datastore.targets[folder.target];
    if (folder.path.empty() && target.error) continue;  // told as the target
    tell(folder.path.empty() ? target.location : folder.path, *folder.error, folder.target);
  }
  for (const model::File& file : datastore.files) {
    if (file.error && file.exists && is_incomplete(file.error->kind)) tell(file.path, *file.error, file.target);
  }
}

}  // namespace

bool is_whole(const model::Datastore& datastore) {
  bool whole = true;
  for_each_unread(datastore, [&](const auto&...) { whole = false; });
  return whole;
}

int completeness(const model::Datastore& datastore) {
  int status = exit_done;
  for_each_unread(datastore, [&](const std::string& what, const Error& error, model::Index target) {
    const bool is_target = target < datastore.targets.size();  // else a --map
    log::error(what.empty() ? error.message : what + ": " + error.message,
               is_target ? std::optional(target) : std::nullopt);
    status = exit_incomplete;
  });
  return status;
}

}  // namespace cbtctl::cli
