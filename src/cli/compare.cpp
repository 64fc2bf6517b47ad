#include "report/compare.h"

#include "cli/command_line.h"
#include "cli/exit_status.h"
#include "cli/text_file.h"
#include "cli/told.h"

namespace cbtctl::cli {

int run_compare(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own("Options of compare");
  own.flag("csv", "a row per difference");
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  if (line.arguments.size() != 2) return usage_error("compare needs two files of scan --json", "cbtctl compare --help");
  std::vector<std::string> texts;
  for (const std::string& path : line.arguments) {
    auto text = read_text_file(path);
    if (!text) return told(text.error());
    texts.push_back(std::move(*text));
  }
  const auto changes = report::compare_scans(line.arguments[0], texts[0], line.arguments[1], texts[1]);
  if (!changes) return usage_error(changes.error().message, "cbtctl compare --help");
  const int status = changes->empty() ? exit_done : exit_findings;
  const bool written = write_output(line.json         ? report::compare_json(*changes, status)
                                    : line.has("csv") ? report::compare_csv(*changes)
                                                      : report::compare_table(*changes, line.style));
  return written ? status : status | exit_incomplete;
}

}  // namespace cbtctl::cli
