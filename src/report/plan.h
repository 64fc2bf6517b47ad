// A plan and what became of it, as the writing verbs tell it: for people, and JSON (`cbtctl.VERB/1`).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/finding.h"
#include "app/select.h"
#include "model/datastore.h"
#include "repair/executor.h"
#include "repair/plan.h"
#include "report/table.h"

namespace cbtctl::report {

// A finding about what was selected that the verb does not mend.
struct Remaining {
  analysis::Finding finding;
  std::string vm;       // its .vmx; empty where it is about no machine
  std::string command;  // that would mend it; empty where none would
};

struct PlanReport {
  const repair::Plan& plan;
  const std::vector<model::Target>& targets;
  std::optional<std::vector<repair::MachineResult>> results;  // nothing: not carried out
  std::vector<repair::MachineResult> recovered;               // earlier runs that were found stopped
  int exit_status = 0;
  std::optional<std::vector<Remaining>> remaining = std::nullopt;  // of verbs that go by findings
  std::vector<app::Unmatched> unmatched = {};                      // selectors, where a target could not be read
  repair::Verb verb = plan.verb;  // of the command line; undo: each change is shown the other way round
};

[[nodiscard]] std::string plan_text(const PlanReport& report, const Style& style);     // what would be changed
[[nodiscard]] std::string results_text(const PlanReport& report, const Style& style);  // what was
[[nodiscard]] Tint tint_of_outcome(repair::Outcome outcome);
[[nodiscard]] std::string plan_csv(const PlanReport& report);  // of the results, once there are some
[[nodiscard]] std::string plan_json(const PlanReport& report);

}  // namespace cbtctl::report
