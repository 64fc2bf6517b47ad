// From the targets on the command line to a model of what lies there, and what was selected of it.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/select.h"
#include "cli/command_line.h"
#include "cli/host_progress.h"
#include "discovery/discover_for_change.h"
#include "discovery/place.h"
#include "model/datastore.h"

namespace cbtctl::cli {

// --targets-file, --map, --vm, --vm-file, --disk, --allow-unmatched, --workers: the options of every verb that takes
// targets.
[[nodiscard]] Options target_options();

// Of --vm, --vm-file and --disk. An error of the kind `usage` where one of them can be no selector.
[[nodiscard]] formats::core::Result<app::Selectors> selectors_of(const CommandLine& line);

// Says which selectors are nobody's, with the nearest names. The status that ends the verb, if it may not go on: with
// `is_whole` (everything was looked at) each must be somebody's, unless --allow-unmatched.
[[nodiscard]] std::optional<int> tell_unmatched(const std::vector<app::Unmatched>& unmatched,
                                                const std::vector<std::string>& idle_exclusions, bool is_whole,
                                                const CommandLine& line);

// For a verb that writes: a usage error if a name is that of several machines.
[[nodiscard]] std::optional<std::string> ambiguous_name(const std::vector<app::Ambiguity>& ambiguous);

struct Scanned {
  model::Datastore datastore;  // everything, selected or not
  app::Selection selection;
  std::vector<discovery::Place> places;
  std::vector<discovery::Mapping> mappings;
};

// What lies at the targets, or the exit status of a usage error that was told already.
// `for_change`: hosts are asked whatever they know of the selected machines.
[[nodiscard]] std::variant<Scanned, int> discover_targets(const Verb& verb, const CommandLine& line,
                                                          bool with_logs = false, bool for_change = false);
[[nodiscard]] discovery::WillChange all_selected(const app::Selectors& selectors);

// `usage` where one of the texts is no target.
[[nodiscard]] formats::core::Result<std::vector<storage::Location>> parse_locations(
    const std::vector<std::string>& texts);

// Opens the targets, in their order: folders, .vmx files, hosts. A place that cannot be had has its error.
// `walks`: discovery will list whole folders, and not some that are known.
[[nodiscard]] formats::core::Result<std::vector<discovery::Place>> open_places(
    const std::vector<storage::Location>& targets, const CommandLine& line, bool walks, HostProgress& progress);

// The place without links, as a target is written: what plans call it, and what makes files of two looks the same.
[[nodiscard]] std::string root_of(const discovery::Place& place);

// Of --map, each with a reader.
[[nodiscard]] formats::core::Result<std::vector<discovery::Mapping>> mappings_of(const CommandLine& line);

// For a verb whose last act was the report: the process ends now, and the system takes its memory back far faster than
// ten thousand destructors give it.
void let_go(Scanned&& scanned);

// Whether all could be looked at.
[[nodiscard]] bool is_whole(const model::Datastore& datastore);

// exit_incomplete where bytes could not be obtained, and what they were on standard error; else exit_done.
[[nodiscard]] int completeness(const model::Datastore& datastore);

}  // namespace cbtctl::cli
