// ctk map: where on the disk, and when: a picture.
#include <langinfo.h>
#include <clocale>
#include <cstring>

#include "cli/disk_files.h"
#include "cli/exit_status.h"
#include "cli/since.h"
#include "cli/ssh_options.h"
#include "disk/tracking.h"
#include "log/log.h"
#include "report/picture.h"
#include "storage/output.h"

namespace cbtctl::cli {
namespace {

bool has_unicode() { return std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0; }

formats::core::Result<report::MapPicture> picture_of(const disk::Tracking& tracking,
                                                     std::optional<std::uint32_t> since) {
  auto cells = disk::newest_entries(tracking, report::picture_columns * report::picture_rows);
  if (!cells) return cells.error();
  auto totals = formats::ctk::total(*tracking.source, tracking.shape);
  if (!totals) return totals.error().in(tracking.path);
  report::MapPicture picture{.path = tracking.path,
                             .change_id = tracking.change_id().value_or("no change id"),
                             .capacity_bytes = tracking.shape.capacity_bytes,
                             .block_bytes = tracking.shape.block_bytes,
                             .cells = std::move(*cells),
                             .epochs = std::move(totals->epochs),
                             .since = since};
  std::uint64_t written = 0;
  for (const auto& epoch : picture.epochs) written += epoch.bytes;
  picture.never_written_bytes = picture.capacity_bytes - written;
  return picture;
}

int save(const std::string& path, const std::string& bytes) {
  if (bytes.empty()) return told({formats::core::ErrorKind::unavailable, path + ": the picture could not be encoded"});
  auto output = storage::create_output(path);
  auto status = output ? (*output)->append(std::as_bytes(std::span(bytes))) : formats::core::Status(output.error());
  if (status) status = (*output)->finish();
  if (status) return exit_done;
  log::error(status.error().message);
  return status.error().kind == formats::core::ErrorKind::usage ? exit_usage : exit_incomplete;
}

}  // namespace

int run_ctk_map(const Verb& verb, const std::vector<std::string>& arguments) {
  options::options_description own("Options of ctk map");
  own.add_options()("output,o", options::value<std::string>(), "a new file, .svg or .png")(
      "since", options::value<std::string>(), "mark what changed since a change id, an epoch, or '*'")(
      "ascii", "no Unicode blocks (by itself where the locale has none)");
  add_ssh_options(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl ctk map --help";
  if (line.arguments.size() != 1) return usage_error("ctk map needs one file", help);
  const std::string output = line.has("output") ? line.values["output"].as<std::string>() : std::string();
  if (!output.empty() && !output.ends_with(".svg") && !output.ends_with(".png"))
    return usage_error("-o takes a name that ends in .svg or .png", help);
  std::optional<Since> since;
  if (line.has("since")) {
    since = parse_since(line.values["since"].as<std::string>());
    if (!since) return usage_error("--since takes a change id, an epoch number or '*'", help);
  }
  const auto files = FileOpener::with(line);
  if (!files) return usage_error(files.error().message, help);
  const auto tracking = open_ctk(*files, line.arguments.front());
  if (!tracking) return told(tracking.error());
  if (since && since->uuid && !has_uuid(tracking->reading, *since->uuid))
    return told(
        {formats::core::ErrorKind::unsupported, tracking->path + ": the change id has another UUID than the file"});
  const auto picture = picture_of(*tracking, since ? std::optional(since->epoch) : std::nullopt);
  if (!picture) return told(picture.error());
  if (!output.empty())
    return save(output, output.ends_with(".svg") ? report::picture_svg(*picture) : report::picture_png(*picture));
  const bool written =
      write_output(line.json ? report::picture_json(*picture)
                             : report::picture_text(*picture, has_unicode() && !line.has("ascii"), line.style));
  return written ? exit_done : exit_incomplete;
}

}  // namespace cbtctl::cli
