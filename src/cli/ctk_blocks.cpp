#include "cli/disk_files.h"
#include "cli/exit_status.h"
#include "cli/since.h"
#include "cli/ssh_options.h"
#include "cli/told.h"
#include "disk/table.h"
#include "formats/ctk/bitmap.h"
#include "log/log.h"
#include "report/blocks.h"
#include "storage/output.h"

namespace cbtctl::cli {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;

Result<disk::Tracking> open_since(const FileOpener& files, const storage::Location& file, const Since& since) {
  auto tracking = open_ctk(files, file);
  if (!tracking || !since.uuid || has_uuid(tracking->reading, *since.uuid)) return tracking;
  return Error{ErrorKind::unsupported, file.text + ": the change id has another UUID than the file, " +
                                           tracking->reading.uuid_text().value_or("which has none") +
                                           ": tracking was restarted"};
}

int write_bitmap(const disk::Tracking& tracking, std::uint32_t since, const std::string& path,
                 const CommandLine& line) {
  auto output = storage::create_output(path);
  if (!output) return told(output.error(), line);
  auto written = formats::core::success();
  const auto read = formats::ctk::visit_bitmap(*tracking.source, tracking.shape, since,
                                               [&](auto bytes) { return written = (*output)->append(bytes); });
  if (!written) return told(written.error(), line);
  if (!read) return told(read.error().in(tracking.path), line);
  written = (*output)->finish();
  return written ? exit_done : told(written.error(), line);
}

}  // namespace

int run_ctk_blocks(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own("Options of ctk blocks");
  own.text("since", "a change id, an epoch number, or '*'");
  own.flag("merge", "join neighbours of different epochs");
  own.flag("csv", "offset_bytes,length_bytes,epoch");
  own.flag("bitmap", "one bit per block, first block in the least significant bit; needs -o");
  own.text("output,o", "the new file that the bitmap goes to");
  add_ssh_options(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl ctk blocks --help";
  if (line.arguments.size() != 1) return usage_error("ctk blocks needs one file", help);
  if (!line.has("since")) return usage_error("ctk blocks needs --since", help);
  const std::string since_text = line.text("since");
  const auto since = parse_since(since_text);
  if (!since) return usage_error("--since takes a change id, an epoch number or '*', found '" + since_text + "'", help);
  if (line.has("bitmap") != line.has("output")) return usage_error("--bitmap and -o go together", help);

  const std::string& path = line.arguments.front();
  const auto files = FileOpener::with(line);
  if (!files) return usage_error(files.error().message, help);
  const auto tracking = open_since(*files, files->arguments().front(), *since);
  if (!tracking) return told(tracking.error(), line);
  const formats::ctk::ChangeQuery query{.since = since->epoch, .merge_across_epochs = line.has("merge")};

  if (line.has("bitmap")) return write_bitmap(*tracking, since->epoch, line.text("output"), line);
  bool written = true;
  report::BlocksPrinter printer(line.json         ? report::BlocksFormat::json
                                : line.has("csv") ? report::BlocksFormat::csv
                                                  : report::BlocksFormat::text,
                                [&](std::string_view piece) { return written = written && write_output(piece); });
  printer.begin({path, since_text, tracking->reading});
  const auto status =
      disk::visit_changed(*tracking->source, tracking->shape, query, [&](auto extents) { printer.add(extents); });
  if (!status) log::error(path + ": " + status.error().message);
  printer.end(status && written ? exit_done : exit_incomplete);
  return status && written ? exit_done : exit_incomplete;
}

}  // namespace cbtctl::cli
