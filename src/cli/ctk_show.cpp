#include "cli/exit_status.h"
#include "cli/files.h"
#include "cli/ssh_options.h"
#include "discovery/inspect.h"
#include "report/show.h"
#include "report/text.h"

namespace cbtctl::cli {

int run_ctk_show(const Verb& verb, const std::vector<std::string>& arguments) {
  options::options_description own("Options of ctk show");
  own.add_options()("header-dump", "the first 512 bytes as hex, the UUID masked: to send to the maintainers");
  add_ssh_options(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  if (parsed.line->arguments.empty()) return usage_error("ctk show needs a file", "cbtctl ctk show --help");
  const auto opener = FileOpener::with(*parsed.line);
  if (!opener) return usage_error(opener.error().message, "cbtctl ctk show --help");
  const auto [files, status] = inspect_files(*opener, parsed.line->arguments, discovery::inspect_tracking);
  std::string out;
  if (parsed.line->has("header-dump")) {
    for (const model::InspectedFile& file : files) {
      if (files.size() > 1) out += report::escaped(file.path) + "\n";
      out += report::header_dump(file);
    }
  } else {
    out = parsed.line->json ? report::ctk_show_json(files, status) : report::ctk_show_text(files, parsed.line->style);
  }
  return write_output(out) ? status : status | exit_incomplete;
}

}  // namespace cbtctl::cli
