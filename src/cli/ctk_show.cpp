#include "cli/exit_status.h"
#include "cli/files.h"
#include "cli/ssh_options.h"
#include "discovery/inspect.h"
#include "disk/table.h"
#include "formats/core/checked.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"
#include "report/show.h"
#include "report/text.h"

namespace cbtctl::cli {
namespace {

using formats::core::file_name;

// Of the disk that the CTK file is for: "x.vmdk" beside "x-ctk.vmdk", if it names that file.
std::optional<std::uint64_t> disk_capacity_sectors(const FileOpener& opener, const storage::Location& ctk) {
  const std::string name(file_name(ctk.path));
  const std::string disk = formats::vmware::disk_of_tracking(name);
  if (disk.empty()) return std::nullopt;
  const auto source = opener.open(storage::beside(ctk, disk));
  if (!source) return std::nullopt;
  const auto descriptor = discovery::inspect(**source, disk).descriptor;
  if (!descriptor || file_name(descriptor->change_track_path.value_or("")) != name) return std::nullopt;
  const auto capacity = descriptor->capacity_bytes();
  return capacity ? std::optional(*capacity / formats::core::sector_bytes) : std::nullopt;
}

// Where the header proves nothing by itself, the disk's own capacity is held against it.
model::InspectedFile inspect(const FileOpener& opener, const formats::core::ByteSource& source,
                             const storage::Location& ctk) {
  model::InspectedFile file = discovery::inspect_tracking(source, ctk.text, disk::total);
  if (!file.tracking || file.tracking->layout != formats::ctk::Layout::unrecognised) return file;
  const auto capacity = disk_capacity_sectors(opener, ctk);
  return capacity ? discovery::inspect_tracking(source, ctk.text, disk::total, capacity) : file;
}

}  // namespace

int run_ctk_show(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own("Options of ctk show");
  own.flag("header-dump", "the first 512 bytes as hex, the UUID masked: to send to the maintainers");
  add_ssh_options(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  if (parsed.line->arguments.empty()) return usage_error("ctk show needs a file", "cbtctl ctk show --help");
  const auto opener = FileOpener::with(*parsed.line);
  if (!opener) return usage_error(opener.error().message, "cbtctl ctk show --help");
  const auto [files, status] = inspect_files(
      *opener, [&](const auto& source, const storage::Location& ctk) { return inspect(*opener, source, ctk); });
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
