// What `check` found: table, JSON (`cbtctl.check/1`), CSV and one line for Nagios. All tell the same findings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/finding.h"
#include "app/select.h"
#include "model/datastore.h"
#include "report/baseline.h"
#include "report/provenance.h"
#include "report/table.h"

namespace cbtctl::report {

struct CheckReport {
  const model::Datastore& datastore;
  const analysis::Findings& findings;
  std::optional<Baseline> baseline;
  std::size_t machines = 0;  // that were asked for, and their disks
  std::size_t disks = 0;
  std::size_t unreadable = 0;             // disks that could not be read, and configurations, whose disks nobody knows
  bool doubted = false;                   // ctk-format-doubted was found, asked for or not
  std::vector<app::Unmatched> unmatched;  // selectors, where a target could not be read
  int exit_status = 0;
};

[[nodiscard]] std::string check_table(const CheckReport& report, const Style& style);
[[nodiscard]] std::string check_json(const CheckReport& report, const ProvenanceOf& provenance = {});
[[nodiscard]] std::string check_csv(const CheckReport& report);
// The plug-in's line with performance data; `nagios_status` is its exit status: 0, 1, 2, 3.
[[nodiscard]] std::string check_nagios(const CheckReport& report);
// That of a plug-in that could not look; it tells the last error.
[[nodiscard]] std::string check_nagios_unknown();
[[nodiscard]] int nagios_status(const CheckReport& report);

// One line: file, what is wrong, expected and found.
[[nodiscard]] std::string message_of(const analysis::Finding& finding);
[[nodiscard]] Tint tint_of(analysis::Severity severity);
// The catalogue's, or what is left to do where the fix that it names is not offered.
[[nodiscard]] std::string remedy_of(const CheckReport& report, const analysis::Finding& finding);

}  // namespace cbtctl::report
