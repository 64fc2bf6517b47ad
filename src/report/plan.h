// A plan and what became of it, as the writing verbs tell it: for people, and JSON (`cbtctl.VERB/1`).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/datastore.h"
#include "repair/executor.h"
#include "repair/plan.h"
#include "report/table.h"

namespace cbtctl::report {

struct PlanReport {
  const repair::Plan& plan;
  const std::vector<model::Target>& targets;
  std::optional<std::vector<repair::Result>> results;  // nothing: not carried out
  int exit_status = 0;
};

[[nodiscard]] std::string plan_text(const PlanReport& report, const Style& style);     // what would be changed
[[nodiscard]] std::string results_text(const PlanReport& report, const Style& style);  // what was
[[nodiscard]] std::string plan_json(const PlanReport& report);

[[nodiscard]] std::string history_text(const std::vector<repair::RecordedRun>& runs, const Style& style);
[[nodiscard]] std::string run_text(const repair::RecordedRun& run, const Style& style);
[[nodiscard]] std::string history_json(const std::vector<repair::RecordedRun>& runs);

}  // namespace cbtctl::report
