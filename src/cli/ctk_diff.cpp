// ctk diff: two copies of one CTK file.
#include "report/ctk_diff.h"

#include "cli/completeness.h"
#include "cli/disk_files.h"
#include "cli/exit_status.h"
#include "cli/ssh_options.h"
#include "cli/told.h"

namespace cbtctl::cli {

int run_ctk_diff(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own("Options of ctk diff");
  add_provenance_option(own);
  add_completeness_option(own);
  add_ssh_options(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  if (line.arguments.size() != 2) return usage_error("ctk diff needs two CTK files", "cbtctl ctk diff --help");
  const auto files = FileOpener::with(line);
  if (!files) return usage_error(files.error().message, "cbtctl ctk diff --help");
  const auto before = open_ctk(*files, files->arguments()[0]);
  if (!before) return told(before.error());
  const auto after = open_ctk(*files, files->arguments()[1]);
  if (!after) return told(after.error());
  const auto difference = disk::compare_tracking(*before, *after);
  if (!difference) return told(difference.error());
  const report::Compared compared{*before, *after, *difference, completeness_of(*files, files->arguments()[0], *before),
                                  completeness_of(*files, files->arguments()[1], *after)};
  int status = difference->differs() ? exit_findings : exit_done;
  status |= told_incomplete(compared.old_completeness, before->path, line);
  status |= told_incomplete(compared.new_completeness, after->path, line);
  const bool written =
      write_output(line.json ? report::difference_json(compared, status, provenance_of(line.provenance))
                             : report::difference_text(compared, line.style));
  return written ? status : status | exit_incomplete;
}

}  // namespace cbtctl::cli
