#include "cli/exit_status.h"
#include "cli/files.h"
#include "cli/since.h"
#include "cli/ssh_options.h"
#include "discovery/inspect.h"
#include "log/log.h"
#include "report/blocks.h"
#include "storage/output.h"

namespace cbtctl::cli {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;

Result<formats::ctk::TableShape> shape_of(const model::InspectedFile& file, const Since& since) {
  if (file.error) return file.error->in(file.path);
  if (!file.tracking) return Error{ErrorKind::unsupported, file.path + ": has no CTK signature"};
  const auto shape = discovery::table_shape(*file.tracking);
  if (!shape) return Error{ErrorKind::unsupported, file.path + ": the header is not understood, the table not read"};
  const auto uuid = file.tracking->uuid_text();
  if (since.uuid && !has_uuid(*file.tracking, *since.uuid)) {
    return Error{ErrorKind::unsupported, file.path + ": the change id has another UUID than the file, " +
                                             uuid.value_or("which has none") + ": tracking was restarted"};
  }
  return *shape;
}

int write_bitmap(const std::string& path, std::span<const std::byte> bytes) {
  auto output = storage::create_output(path);
  if (!output) {
    log::error(output.error().message);
    return output.error().kind == ErrorKind::usage ? exit_usage : exit_incomplete;
  }
  auto status = (*output)->append(bytes);
  if (status) status = (*output)->finish();
  if (status) return exit_done;
  log::error(path + ": " + status.error().message);
  return exit_incomplete;
}

int fail(const Error& error) {
  log::error(error.message);
  return exit_incomplete;
}

}  // namespace

int run_ctk_blocks(const Verb& verb, const std::vector<std::string>& arguments) {
  options::options_description own("Options of ctk blocks");
  own.add_options()("since", options::value<std::string>(), "a change id, an epoch number, or '*'")(
      "merge", "join neighbours of different epochs")("csv", "offset_bytes,length_bytes,epoch")(
      "bitmap", "one bit per block, first block in the least significant bit; needs -o")(
      "output,o", options::value<std::string>(), "the new file that the bitmap goes to");
  add_ssh_options(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl ctk blocks --help";
  if (line.arguments.size() != 1) return usage_error("ctk blocks needs one file", help);
  if (!line.has("since")) return usage_error("ctk blocks needs --since", help);
  const std::string since_text = line.values["since"].as<std::string>();
  const auto since = parse_since(since_text);
  if (!since) return usage_error("--since takes a change id, an epoch number or '*', found '" + since_text + "'", help);
  if (line.has("bitmap") != line.has("output")) return usage_error("--bitmap and -o go together", help);

  const std::string& path = line.arguments.front();
  const auto files = FileOpener::with(line);
  if (!files) return usage_error(files.error().message, help);
  const auto source = files->open(path);
  if (!source) return fail(source.error().in(path));
  const model::InspectedFile file = discovery::inspect(**source, path);
  const auto shape = shape_of(file, *since);
  if (!shape) return fail(shape.error());
  const formats::ctk::ChangeQuery query{.since = since->epoch, .merge_across_epochs = line.has("merge")};

  if (line.has("bitmap")) {
    std::vector<std::byte> bitmap(static_cast<std::size_t>((shape->blocks + 7) / 8));
    const auto status = formats::ctk::mark_changed(**source, *shape, since->epoch, bitmap);
    if (!status) return fail(status.error().in(path));
    return write_bitmap(line.values["output"].as<std::string>(), bitmap);
  }
  bool written = true;
  report::BlocksPrinter printer(line.json         ? report::BlocksFormat::json
                                : line.has("csv") ? report::BlocksFormat::csv
                                                  : report::BlocksFormat::text,
                                [&](std::string_view piece) { written = written && write_output(piece); });
  printer.begin({path, since_text, *file.tracking});
  const auto status = formats::ctk::visit_changed(**source, *shape, query, [&](auto extents) { printer.add(extents); });
  if (!status) log::error(path + ": " + status.error().message);
  const int result = status && written ? exit_done : exit_incomplete;
  printer.end(result);
  return result;
}

}  // namespace cbtctl::cli
