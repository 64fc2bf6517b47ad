// From the targets on the command line to a model of what lies there, and what was selected of it.
#pragma once

#include <variant>

#include "cli/command_line.h"
#include "cli/host_progress.h"
#include "discovery/discover_for_change.h"
#include "discovery/place.h"
#include "model/datastore.h"

namespace cbtctl::cli {

// --targets-file, --map, --vm, --disk, --workers: the options of every verb that takes targets.
[[nodiscard]] Options target_options();

// What the targets, --vm and --disk ask for.
struct Selection {
  std::vector<std::string> globs;  // by display name or .vmx name; "!GLOB" excludes
  std::vector<std::string> slots;
  [[nodiscard]] bool is_all(const model::Datastore& datastore) const;
  [[nodiscard]] bool has_every_machine(const model::Datastore& datastore) const;
  [[nodiscard]] bool has(const model::Datastore& datastore, const model::VirtualMachine& machine) const;
  [[nodiscard]] bool has_slot(std::string_view slot) const;
  void tell_unmatched(const model::Datastore& datastore) const;
  void narrow(model::Datastore& datastore) const;
};

struct Scanned {
  model::Datastore datastore;  // everything, selected or not
  Selection selection;
  std::vector<discovery::Place> places;
  std::vector<discovery::Mapping> mappings;
};

// What lies at the targets, or the exit status of a usage error that was told already.
// `for_change`: hosts are asked whatever they know of the selected machines.
[[nodiscard]] std::variant<Scanned, int> discover_targets(const Verb& verb, const CommandLine& line,
                                                          bool with_logs = false, bool for_change = false);
[[nodiscard]] discovery::WillChange all_selected(const Selection& selection);

// `usage` where one of the texts is no target.
[[nodiscard]] formats::core::Result<std::vector<storage::Location>> parse_locations(
    const std::vector<std::string>& texts);

// Opens the targets, in their order: folders, .vmx files, hosts. A place that cannot be had has its error.
// `walks`: discovery will list whole folders, and not some that are known.
[[nodiscard]] formats::core::Result<std::vector<discovery::Place>> open_places(
    const std::vector<storage::Location>& targets, const CommandLine& line, bool walks, HostProgress& progress);

// Of --map, each with a reader.
[[nodiscard]] formats::core::Result<std::vector<discovery::Mapping>> mappings_of(const CommandLine& line);

// For a verb whose last act was the report: the process ends now, and the system takes its memory back far faster than
// ten thousand destructors give it.
void let_go(Scanned&& scanned);

// exit_incomplete where bytes could not be obtained, and what they were on standard error; else exit_done.
[[nodiscard]] int completeness(const model::Datastore& datastore);

}  // namespace cbtctl::cli
