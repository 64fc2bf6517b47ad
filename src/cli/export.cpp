// export: a chain, at any link, as one sparse raw image.
#include "disk/export.h"

#include <unistd.h>

#include "cli/cancellation.h"
#include "cli/disk_files.h"
#include "cli/exit_status.h"
#include "cli/progress.h"
#include "cli/told.h"
#include "disk/exact.h"
#include "report/export.h"

namespace cbtctl::cli {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;

Options export_options() {
  Options own = disk_options();
  own.size("link", "from this link of the chain: 0 is now, 1 the snapshot below, ...", 0);
  own.flag("resume", "go on with what an interrupted export left in OUT.partial");
  own.flag("sha256", "also hash the whole image: zeros are hashed too, about a quarter of an hour a TiB");
  own.flag("no-hash", "hash nothing");
  allow_mismatch(own);
  return own;
}

// A file of that name is ./-
bool is_stream(const std::string& path) { return path == "-"; }

// An interruption leaves what can be gone on with; damage does not.
bool can_be_resumed(ErrorKind kind) {
  return kind == ErrorKind::cancelled || kind == ErrorKind::unavailable || kind == ErrorKind::denied ||
         kind == ErrorKind::in_use;
}

Result<disk::Exported> write_image(const disk::Chain& chain, const std::string& path, const CommandLine& line) {
  disk::ExactOptions options{disk::Scrutiny::headers, line.has("allow-mismatch")};
  if (const auto error = disk::why_not_exact(chain, options)) return *error;
  const auto total = disk::measure_data(chain);  // tells where what cannot be read lies
  if (!total) return total.error();
  options.scrutiny = disk::Scrutiny::tables;
  if (const auto error = disk::why_not_exact(chain, options)) return *error;
  auto output = is_stream(path)
                    ? Result<std::unique_ptr<storage::PartialOutput>>(storage::stream_to_standard_output())
                    : storage::open_partial(path, chain.size_bytes(), disk::identity_of(chain), line.has("resume"));
  if (!output) return output.error();
  Cancellation cancellation(1);
  Progress progress(path, *total, !line.quiet);
  const disk::ExportOptions wanted{.hash_data = !line.has("no-hash"), .hash_image = line.has("sha256")};
  auto exported = disk::export_raw(chain, **output, wanted, [&](std::uint64_t done_bytes) {
    progress.show(done_bytes);
    return !cancellation.is_requested();
  });
  cancellation.take_time();
  if (!exported && can_be_resumed(exported.error().kind)) (*output)->keep();
  if (!exported) return exported.error();
  if (const auto finished = (*output)->finish(); !finished) return finished.error();
  return exported;
}

int told_export(const Error& error, const std::string& path) {
  if (error.kind != ErrorKind::cancelled) return told(error);
  if (is_stream(path)) return told(error, exit_cancelled);
  const std::string rest = "; what is done lies in " + path + ".partial, and --resume goes on";
  return told({ErrorKind::cancelled, error.message + rest}, exit_cancelled);
}

}  // namespace

int run_export(const Verb& verb, const std::vector<std::string>& arguments) {
  const Parsed parsed = parse(verb, arguments, export_options());
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl export --help";
  if (line.arguments.size() != 2) return usage_error("export needs a disk and the new file", help);
  if (line.has("sha256") && line.has("no-hash"))
    return usage_error("--sha256 and --no-hash contradict each other", help);
  if (is_stream(line.arguments[1])) {
    if (line.has("resume")) return usage_error("--resume needs a file: standard output keeps nothing", help);
    if (::isatty(STDOUT_FILENO) == 1) return usage_error("an image is no text for a terminal: name a file", help);
    mute_output();  // it is for the image
  }
  const auto files = FileOpener::with(line, {line.arguments[0]});
  if (!files) return usage_error(files.error().message, help);
  const auto chains = open_chains(*files, {files->arguments()[0]}, line.list("disk"));
  if (!chains) return told(chains.error());
  if (chains->size() != 1) {
    const std::string count = std::to_string(chains->size());
    return usage_error(line.arguments[0] + " has " + count + " disks: choose one with --disk", help);
  }
  const NamedChain& named = chains->front();
  if (named.error) return told(*named.error);
  const disk::Chain& chain = *named.chain;
  const std::size_t link = line.size("link");
  if (link >= chain.links().size())
    return usage_error("--link takes a number below " + std::to_string(chain.links().size()), help);
  const std::string& path = line.arguments[1];
  const disk::Chain wanted = chain.from(link);
  if (line.has("allow-mismatch")) warn_of_mismatches(wanted);
  const auto exported = write_image(wanted, path, line);
  if (!exported) return told_export(exported.error(), path);
  const report::ExportSubject subject{named.path, path, link};
  const std::string text =
      line.json ? export_json(subject, *exported, provenance_of(line.provenance)) : export_text(subject, *exported);
  if (is_stream(path) && (line.json || !line.quiet)) write_error(text);
  const bool written = write_output(text);
  return written ? exit_done : exit_incomplete;
}

}  // namespace cbtctl::cli
