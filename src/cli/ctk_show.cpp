#include "cli/exit_status.h"
#include "cli/file_kind.h"
#include "cli/files.h"
#include "cli/ssh_options.h"
#include "cli/told.h"
#include "cli/tracked_disk.h"
#include "discovery/inspect.h"
#include "disk/table.h"
#include "report/show.h"
#include "report/text.h"

namespace cbtctl::cli {
namespace {

model::InspectedFile inspect_ctk(const FileOpener& opener, const formats::core::ByteSource& source,
                                 const storage::Location& ctk) {
  return discovery::inspect_tracking(source, ctk.text, disk::total, tracked_sectors(opener, ctk));
}

}  // namespace

int run_ctk_show(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own("Options of ctk show");
  add_provenance_option(own);
  own.flag("header-dump", "the first 512 bytes as hex, the UUID masked: to send to the maintainers");
  add_ssh_options(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  if (parsed.line->arguments.empty()) return usage_error("ctk show needs a file", "cbtctl ctk show --help");
  const auto opener = FileOpener::with(*parsed.line);
  if (!opener) return usage_error(opener.error().message, "cbtctl ctk show --help");
  const auto roles = roles_of(*opener, opener->arguments(), Takes::tracking_file);
  if (!roles) return told(roles.error());
  const auto [files, status] = inspect_files(
      *opener, [&](const auto& source, const storage::Location& ctk) { return inspect_ctk(*opener, source, ctk); });
  std::string out;
  if (parsed.line->has("header-dump")) {
    for (const model::InspectedFile& file : files) {
      if (files.size() > 1) out += report::escaped(file.path) + "\n";
      out += report::header_dump(file);
    }
  } else {
    out = parsed.line->json ? report::ctk_show_json(files, status, provenance_of(parsed.line->provenance))
                            : report::ctk_show_text(files, parsed.line->style);
  }
  return write_output(out) ? status : status | exit_incomplete;
}

}  // namespace cbtctl::cli
