// A finding code's whole story, and the table of all codes: for a terminal, as JSON, for the README and as a man page.
#pragma once

#include <string>

#include "analysis/catalogue.h"
#include "report/table.h"

namespace cbtctl::report {

[[nodiscard]] std::string explanation(const analysis::Row& row, const Style& style);
[[nodiscard]] std::string explanation_json(const analysis::Row& row);
[[nodiscard]] std::string catalogue_table(const Style& style);
[[nodiscard]] std::string catalogue_json();
[[nodiscard]] std::string catalogue_markdown();
[[nodiscard]] std::string catalogue_man_page();  // cbtctl-findings(7), troff

}  // namespace cbtctl::report
