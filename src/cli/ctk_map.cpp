// ctk map: where on the disk, and when: a picture.
#include <langinfo.h>
#include <clocale>
#include <cstring>

#include "cli/completeness.h"
#include "cli/disk_files.h"
#include "cli/exit_status.h"
#include "cli/told.h"
#include "cli/tracked_disk.h"
#include "disk/table.h"
#include "formats/core/checked.h"
#include "formats/ctk/since.h"
#include "log/log.h"
#include "report/picture.h"
#include "storage/output.h"

namespace cbtctl::cli {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;

bool has_unicode() { return std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0; }

// As many as fill a few rows, and as a narrow terminal has room for beside the offsets.
std::size_t columns_for(std::uint64_t blocks, std::optional<std::size_t> width) {
  constexpr std::size_t beside = 16;
  std::size_t columns = blocks >= 512 ? 64 : blocks >= 128 ? 32 : 16;
  while (width && columns > 16 && columns + beside > *width) columns /= 2;
  return columns;
}

Result<report::MapPicture> picture_of(const disk::Tracking& tracking, std::size_t columns) {
  const std::uint64_t most_cells = columns * report::picture_rows;
  const std::uint64_t cell_blocks =
      std::max<std::uint64_t>(formats::core::divide_up(tracking.shape.blocks, most_cells), 1);
  auto cells = disk::newest_entries(tracking, cell_blocks);
  if (!cells) return cells.error();
  auto totals = disk::total(*tracking.source, tracking.shape);
  if (!totals) return totals.error().in(tracking.path);
  if (totals->epochs_cut)
    return Error{ErrorKind::unsupported,
                 tracking.path + ": has more than a million epochs: its table is none of epochs"};
  report::MapPicture picture{.path = tracking.path,
                             .change_id = tracking.change_id(),
                             .reading = tracking.reading,
                             .capacity_bytes = tracking.shape.capacity_bytes,
                             .block_bytes = tracking.shape.block_bytes,
                             .columns = columns,
                             .cell_bytes = cell_blocks * tracking.shape.block_bytes,
                             .cells = std::move(*cells),
                             .epochs = std::move(totals->epochs),
                             .never_written_bytes = tracking.shape.capacity_bytes};
  for (const auto& epoch : picture.epochs) picture.never_written_bytes -= epoch.bytes;
  return picture;
}

void add_partitions(const FileOpener& files, report::MapPicture& picture) {
  const auto disk = tracked_disk(files, files.arguments().front());
  if (!disk) return;
  auto partitions = formats::partition::read_partitions(*disk);
  if (!partitions || partitions->empty()) return;
  picture.disk = disk->links().front().path;
  picture.partitions = std::move(*partitions);
}

int save(const std::string& path, const std::string& bytes) {
  if (bytes.empty()) return told({ErrorKind::unavailable, path + ": the picture could not be encoded"});
  auto output = storage::create_output(path);
  auto status = output ? (*output)->append(std::as_bytes(std::span(bytes))) : formats::core::Status(output.error());
  if (status) status = (*output)->finish();
  return status ? exit_done : told(status.error());
}

int show(const report::MapPicture& picture, int incomplete, const CommandLine& line) {
  if (line.has("output")) {
    const auto path = line.text("output");
    return incomplete |
           save(path, path.ends_with(".svg") ? report::picture_svg(picture) : report::picture_png(picture));
  }
  const bool written =
      write_output(line.json ? report::picture_json(picture, incomplete, provenance_of(line.provenance))
                             : report::picture_text(picture, has_unicode() && !line.has("ascii"), line.style));
  return written ? incomplete : exit_incomplete;
}

Options map_options() {
  Options own("Options of ctk map");
  add_provenance_option(own);
  own.text("output,o", "a new file, .svg or .png");
  own.text("since", "mark what changed since a change id, an epoch, or '*'");
  own.flag("ascii", "no Unicode blocks (by itself where the locale has none)");
  add_completeness_option(own);
  add_file_options(own);
  return own;
}

}  // namespace

int run_ctk_map(const Verb& verb, const std::vector<std::string>& arguments) {
  const Parsed parsed = parse(verb, arguments, map_options());
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl ctk map --help";
  if (line.arguments.size() != 1) return usage_error("ctk map needs one file", help);
  const std::string output = line.has("output") ? line.text("output") : ".png";
  if (!output.ends_with(".svg") && !output.ends_with(".png"))
    return usage_error("-o takes a name that ends in .svg or .png", help);
  if (line.has("since")) {
    if (const auto checked = formats::ctk::check_since(line.text("since")); !checked)
      return usage_error(checked.error().message, help);
  }
  const auto files = FileOpener::with(line);
  if (!files) return usage_error(files.error().message, help);
  const auto tracking = open_ctk(*files, files->arguments().front());
  if (!tracking) return told(tracking.error());
  std::optional<std::uint32_t> since;
  if (line.has("since")) {
    const auto found = formats::ctk::parse_since(tracking->reading, line.text("since"));
    if (!found) return told(found.error().in(tracking->path));
    since = *found;
  }
  const bool is_for_terminal = !line.json && !line.has("output");
  auto picture =
      picture_of(*tracking, columns_for(tracking->shape.blocks, is_for_terminal ? line.style.width : std::nullopt));
  if (!picture) return told(picture.error());
  picture->since = since;
  picture->completeness = completeness_of(*files, files->arguments().front(), *tracking);
  add_partitions(*files, *picture);
  return show(*picture, told_incomplete(picture->completeness, tracking->path, line), line);
}

}  // namespace cbtctl::cli
