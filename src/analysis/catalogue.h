// Every finding code with its severity, fix and words: one table, from which `explain`, the man page, the README's
// table and every message are made. Source: the contract, section 6.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "analysis/finding.h"

namespace cbtctl::analysis {

struct Row {
  Code code{};
  std::string_view name;
  Severity severity{};
  Fix fix{};
  std::string_view options;  // of `--choose NAME=OPTION`, separated by blanks (option.h)
  std::string_view title;    // one line: what is wrong
  std::string_view meaning;  // how it comes about and what happens if nothing is done
  std::string_view remedy;
};

// Sorted by name; checked at compile time.
[[nodiscard]] std::span<const Row> catalogue();
[[nodiscard]] const Row& row_of(Code code);
[[nodiscard]] const Row* find_row(std::string_view name);
[[nodiscard]] std::vector<std::string> options_of(const Row& row);
// Whether the finding is about a CTK file itself: one that is doubted where our reading of the format is.
[[nodiscard]] bool is_about_ctk_file(Code code);

}  // namespace cbtctl::analysis
