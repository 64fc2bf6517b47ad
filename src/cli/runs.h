// Runs as a verb finds them: in this operator's record, or from what they left on the targets that are named.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "cli/command_line.h"
#include "cli/run_plan.h"
#include "repair/journal.h"

namespace cbtctl::cli {

struct KnownRuns {
  std::vector<repair::RecordedRun> runs;  // oldest first
  std::optional<PlanPlaces> on_targets;   // which the roots of their plans name; nothing: of the operator's record
  std::vector<discovery::Mapping> mappings;
  std::string wanted;  // the run that the command line names; empty: none
};

// The arguments are a run's id, or targets, or both. An exit status where the call is over.
[[nodiscard]] std::variant<KnownRuns, int> find_runs(const Verb& verb, const CommandLine& line);

// Where these plans of known runs lie: on the targets, or where they say, which is opened now.
[[nodiscard]] formats::core::Result<PlanPlaces> places_for(const KnownRuns& known,
                                                           std::vector<repair::MachinePlan>& machines,
                                                           const CommandLine& line);

// Which machines of plans --vm asks for. An exit status where it asks for none of them, or one of its names for nobody.
[[nodiscard]] std::variant<std::vector<bool>, int> selected_of(const std::vector<repair::MachinePlan>& machines,
                                                               const CommandLine& line);

}  // namespace cbtctl::cli
