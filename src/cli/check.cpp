#include "report/scan.h"

#include "cli/exit_status.h"
#include "cli/targets.h"

namespace cbtctl::cli {

// Prints what `scan` knows until the findings are built.
int run_check(const Verb& verb, const std::vector<std::string>& arguments) {
  const Parsed parsed = parse(verb, arguments, target_options());
  if (!parsed.line) return parsed.exit_status;
  const auto found = discover_targets(verb, *parsed.line);
  if (const int* status = std::get_if<int>(&found)) return *status;
  const auto& datastore = std::get<model::Datastore>(found);
  const int status = completeness(datastore);
  const bool written = write_output(parsed.line->json ? report::scan_json(datastore, status)
                                                      : report::scan_table(datastore, parsed.line->style));
  return written ? status : status | exit_incomplete;
}

}  // namespace cbtctl::cli
