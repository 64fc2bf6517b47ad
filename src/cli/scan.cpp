#include "report/scan.h"

#include "cli/exit_status.h"
#include "cli/targets.h"

namespace cbtctl::cli {

int run_scan(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own = target_options();
  add_provenance_option(own);
  own.flag("csv", "a row per disk");
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  auto found = discover_targets(verb, *parsed.line);
  if (const int* status = std::get_if<int>(&found)) return *status;
  Scanned& scanned = std::get<Scanned>(found);
  app::narrow(scanned.datastore, scanned.selection);
  const model::Datastore& datastore = scanned.datastore;
  const int status = completeness(datastore);
  const report::TextSink sink = [](std::string_view text) { return write_output(text); };
  const bool written = parsed.line->json ? report::print_scan_json(datastore, scanned.selection.unmatched, status, sink,
                                                                   provenance_of(parsed.line->provenance))
                       : parsed.line->has("csv") ? sink(report::scan_csv(datastore))
                                                 : sink(report::scan_table(datastore, parsed.line->style));
  let_go(std::move(scanned));
  return written ? status : status | exit_incomplete;
}

}  // namespace cbtctl::cli
