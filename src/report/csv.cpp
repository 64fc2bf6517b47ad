#include "report/csv.h"

#include "report/text.h"

namespace cbtctl::report {
namespace {

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"") == std::string::npos) return cell;
  std::string out = "\"";
  for (const char c : cell) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

// A spreadsheet would run it.
bool is_formula(const std::string& cell) {
  return !cell.empty() && std::string("=+-@\t\r").find(cell[0]) != std::string::npos;
}

}  // namespace

std::string csv_row(const std::vector<std::string>& cells) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i)
    out += (i == 0 ? "" : ",") + quoted((is_formula(cells[i]) ? "'" : "") + escaped(cells[i]));
  return out + '\n';
}

}  // namespace cbtctl::report
