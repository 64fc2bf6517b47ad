// What `check` found: table, JSON (`cbtctl.check/1`), CSV and one line for Nagios. All tell the same findings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/finding.h"
#include "model/datastore.h"
#include "report/table.h"

namespace cbtctl::report {

// An earlier `check --json`, against which only what is new counts.
struct Baseline {
  struct Known {
    std::string fingerprint, code, path;
  };
  std::string path;
  std::vector<Known> known;
  std::vector<Known> gone;  // known, and found no more
};

// `malformed` where the text is no such document.
formats::core::Result<Baseline> parse_baseline(const std::string& path, const std::string& text);

struct CheckReport {
  const model::Datastore& datastore;
  const analysis::Findings& findings;
  std::optional<Baseline> baseline;
  int exit_status = 0;
};

[[nodiscard]] std::string check_table(const CheckReport& report, const Style& style);
[[nodiscard]] std::string check_json(const CheckReport& report);
[[nodiscard]] std::string check_csv(const CheckReport& report);
// The plug-in's line with performance data; `nagios_status` is its exit status: 0, 1, 2, 3.
[[nodiscard]] std::string check_nagios(const CheckReport& report);
[[nodiscard]] int nagios_status(const CheckReport& report);

// One line: file, what is wrong, expected and found.
[[nodiscard]] std::string message_of(const analysis::Finding& finding);

}  // namespace cbtctl::report
