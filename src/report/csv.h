// Comma-separated values after RFC 4180, with LF; control characters in a cell are escaped as in all human output.
#pragma once

#include <string>
#include <vector>

namespace cbtctl::report {

[[nodiscard]] std::string csv_row(const std::vector<std::string>& cells);

}  // namespace cbtctl::report
