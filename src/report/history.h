// What was done: the runs, one of them step by step, and whether tracking began anew; for people, and JSON
// (`cbtctl.history/1`).
#pragma once

#include <string>
#include <vector>

#include "repair/journal.h"
#include "repair/proof.h"
#include "report/table.h"

namespace cbtctl::report {

struct HistoryReport {
  const std::vector<repair::RecordedRun>& runs;
  std::optional<std::vector<repair::DiskProof>> proofs;  // of the one run, where they were asked for
  int exit_status = 0;
};

[[nodiscard]] std::string history_text(const HistoryReport& report, const Style& style);
[[nodiscard]] std::string run_text(const HistoryReport& report, const Style& style);  // of the first run
[[nodiscard]] std::string history_csv(const HistoryReport& report);                   // a row per machine of a run
[[nodiscard]] std::string history_json(const HistoryReport& report);

}  // namespace cbtctl::report
