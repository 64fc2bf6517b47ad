// From the targets on the command line to a model of what lies there, narrowed to what was selected.
#pragma once

#include <variant>

#include "cli/command_line.h"
#include "model/datastore.h"

namespace cbtctl::cli {

// --targets-file, --map, --vm, --disk, --workers: the options of every verb that takes targets.
[[nodiscard]] options::options_description target_options();

// The datastore, or the exit status of a usage error that was told already.
[[nodiscard]] std::variant<model::Datastore, int> discover_targets(const Verb& verb, const CommandLine& line);

// exit_incomplete where bytes could not be obtained, and what they were on standard error; else exit_done.
[[nodiscard]] int completeness(const model::Datastore& datastore);

}  // namespace cbtctl::cli
