// Which findings were asked for: by --only, --except, --vm, --disk and --deep.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/finding.h"
#include "cli/targets.h"
#include "report/baseline.h"

namespace cbtctl::cli {

// Of --fail-on: what makes the exit status 4, as the number of a severity; 'none' is beyond every one. Nothing where
// the text is none of them.
[[nodiscard]] std::optional<int> threshold_of(const std::string& text);
// Whether one of them is at or above it.
[[nodiscard]] bool reaches(const std::vector<analysis::Finding>& found, int threshold);

class FindingFilter {
 public:
  explicit FindingFilter(const CommandLine& line);
  FindingFilter() = default;  // of every code

  // The first name of --only or --except that is no code.
  [[nodiscard]] std::optional<std::string> unknown_code() const;
  void apply(const Scanned& scanned, analysis::Findings& findings) const;
  // Whether this look would have found it, were it still there: else nobody can say that it has gone.
  [[nodiscard]] bool looks_for(const Scanned& scanned, const report::Baseline::Known& known) const;

 private:
  [[nodiscard]] bool has_code(std::string_view code) const;

  std::vector<std::string> only_;
  std::vector<std::string> except_;
  bool deep_ = false;
};

}  // namespace cbtctl::cli
