// Comma-separated values after RFC 4180, with LF; control characters in a cell are escaped as in all human output.
// Tables about machines begin with `location`, `vm` (the path of the .vmx) and `name`.
#pragma once

#include <string>
#include <vector>

namespace cbtctl::report {

// A cell that a spreadsheet would take for a formula has a "'" before it.
[[nodiscard]] std::string csv_row(const std::vector<std::string>& cells);

}  // namespace cbtctl::report
