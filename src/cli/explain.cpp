#include "report/explain.h"

#include "cli/command_line.h"
#include "cli/exit_status.h"

namespace cbtctl::cli {

int run_explain(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own("Options of explain");
  own.flag("markdown", "the table of all codes as the README has it");
  own.flag("man", "all codes as a man page, cbtctl-findings(7)");
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl explain --help";
  if (line.arguments.size() > 1) return usage_error("explain takes one code", help);
  std::string text;
  if (line.has("markdown")) {
    text = report::catalogue_markdown();
  } else if (line.has("man")) {
    text = report::catalogue_man_page();
  } else if (line.arguments.empty()) {
    text = line.json ? report::catalogue_json() : report::catalogue_table(line.style);
  } else {
    const analysis::Row* row = analysis::find_row(line.arguments.front());
    if (row == nullptr)
      return usage_error("there is no finding code '" + line.arguments.front() + "'; cbtctl explain lists them", help);
    text = line.json ? report::explanation_json(*row) : report::explanation(*row, line.style);
  }
  return write_output(text) ? exit_done : exit_incomplete;
}

}  // namespace cbtctl::cli
