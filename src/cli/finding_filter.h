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

class FindingFilter {
 public:
  explicit FindingFilter(const CommandLine& line);

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
