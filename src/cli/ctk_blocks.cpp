#include "cli/completeness.h"
#include "cli/disk_files.h"
#include "cli/exit_status.h"
#include "cli/ssh_options.h"
#include "cli/told.h"
#include "disk/table.h"
#include "formats/ctk/bitmap.h"
#include "formats/ctk/since.h"
#include "log/log.h"
#include "report/blocks.h"
#include "storage/output.h"

namespace cbtctl::cli {
namespace {

int write_bitmap(const disk::Tracking& tracking, std::uint32_t since, const std::string& path) {
  auto output = storage::create_output(path);
  if (!output) return told(output.error());
  auto written = formats::core::success();
  const auto read = formats::ctk::visit_bitmap(*tracking.source, tracking.shape, since,
                                               [&](auto bytes) { return written = (*output)->append(bytes); });
  if (!written) return told(written.error());
  if (!read) return told(read.error().in(tracking.path));
  written = (*output)->finish();
  return written ? exit_done : told(written.error());
}

}  // namespace

int run_ctk_blocks(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own("Options of ctk blocks");
  add_provenance_option(own);
  own.text("since", "a change id, an epoch number, or '*'");
  own.flag("merge", "join neighbours of different epochs");
  own.flag("csv", "offset_bytes,length_bytes,epoch");
  own.flag("bitmap", "one bit per block, first block in the least significant bit; needs -o");
  own.text("output,o", "the new file that the bitmap goes to");
  add_completeness_option(own);
  add_ssh_options(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl ctk blocks --help";
  if (line.arguments.size() != 1) return usage_error("ctk blocks needs one file", help);
  if (!line.has("since")) return usage_error("ctk blocks needs --since", help);
  const std::string since_text = line.text("since");
  if (const auto checked = formats::ctk::check_since(since_text); !checked)
    return usage_error(checked.error().message, help);
  if (line.has("bitmap") != line.has("output")) return usage_error("--bitmap and -o go together", help);

  const std::string& path = line.arguments.front();
  const auto files = FileOpener::with(line);
  if (!files) return usage_error(files.error().message, help);
  const storage::Location& file = files->arguments().front();
  const auto tracking = open_ctk(*files, file);
  if (!tracking) return told(tracking.error());
  const auto since = formats::ctk::parse_since(tracking->reading, since_text);
  if (!since) return told(since.error().in(path));
  const auto completeness = completeness_of(*files, file, *tracking);
  const int incomplete = told_incomplete(completeness, path, line);
  const formats::ctk::ChangeQuery query{.since = *since, .merge_across_epochs = line.has("merge")};

  if (line.has("bitmap")) return incomplete | write_bitmap(*tracking, *since, line.text("output"));
  bool written = true;
  report::BlocksPrinter printer(line.json         ? report::BlocksFormat::json
                                : line.has("csv") ? report::BlocksFormat::csv
                                                  : report::BlocksFormat::text,
                                [&](std::string_view piece) { return written = written && write_output(piece); });
  printer.begin({path, since_text, tracking->reading, completeness});
  const auto status =
      disk::visit_changed(*tracking->source, tracking->shape, query, [&](auto extents) { printer.add(extents); });
  if (!status) log::error(path + ": " + status.error().message);
  const int exit_status = status && written ? incomplete : exit_incomplete;
  printer.end(exit_status, provenance_of(line.provenance));
  return written ? exit_status : exit_incomplete;
}

}  // namespace cbtctl::cli
