#include "report/show.h"

#include "cli/exit_status.h"
#include "cli/file_kind.h"
#include "cli/files.h"
#include "cli/ssh_options.h"
#include "cli/told.h"
#include "discovery/inspect.h"

namespace cbtctl::cli {

int run_show(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own("Options of show");
  add_provenance_option(own);
  add_ssh_options(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  if (parsed.line->arguments.empty()) return usage_error("show needs a file", "cbtctl show --help");
  const auto opener = FileOpener::with(*parsed.line);
  if (!opener) return usage_error(opener.error().message, "cbtctl show --help");
  const auto roles = roles_of(*opener, opener->arguments(), Takes::file);
  if (!roles) return told(roles.error());
  const auto [files, status] = inspect_files(
      *opener, [](const auto& source, const storage::Location& file) { return discovery::inspect(source, file.text); });
  const bool written =
      write_output(parsed.line->json ? report::show_json(files, status, provenance_of(parsed.line->provenance))
                                     : report::show_text(files, parsed.line->style));
  return written ? status : status | exit_incomplete;
}

}  // namespace cbtctl::cli
