// extents: the allocation map of one disk with all its parents.
#include "report/extents.h"

#include "cli/disk_files.h"
#include "cli/exit_status.h"
#include "cli/told.h"
#include "disk/exact.h"
#include "log/log.h"

namespace cbtctl::cli {
namespace {

// The map and its totals, and what the matter is with what cannot be read. No more than `most_kept` extents are kept.
report::MappedChain measure(const NamedChain& named, std::size_t most_kept) {
  report::MappedChain mapped{subject_of(named), {}, {}};
  named.chain->visit_map([&](const disk::MapExtent& extent) {
    mapped.totals.add(extent);
    if (mapped.totals.extents <= most_kept) mapped.extents.push_back(extent);
    if (extent.allocation == disk::Allocation::unreadable && mapped.subject.error.empty())
      mapped.subject.error = named.chain->why_unreadable(extent.offset_bytes).message;
    return true;
  });
  if (mapped.totals.extents > most_kept) mapped.extents = {};
  return mapped;
}

// No map where every place of it would be a guess.
report::MappedChain refused(const NamedChain& named, const std::string& why) {
  report::MappedChain mapped{subject_of(named), {}, {}};
  mapped.subject.chain = nullptr;
  mapped.subject.error = why;
  return mapped;
}

report::MappedChain map_of(const NamedChain& named, bool allow_mismatch, std::size_t most_kept) {
  if (!named.chain) return {subject_of(named), {}, {}};
  const auto guessed = disk::why_not_exact(*named.chain, {disk::Scrutiny::headers, allow_mismatch});
  if (guessed) return refused(named, guessed->message);
  if (allow_mismatch) warn_of_mismatches(*named.chain);
  report::MappedChain mapped = measure(named, most_kept);
  const auto inexact = disk::why_not_exact(*named.chain, {disk::Scrutiny::tables, allow_mismatch});
  if (inexact && mapped.subject.error.empty()) mapped.subject.error = inexact->message;
  return mapped;
}

}  // namespace

int run_extents(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own = disk_options();
  own.flag("csv", "a row per extent");
  allow_mismatch(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  if (line.arguments.empty()) return usage_error("extents needs a file or a .vmx", "cbtctl extents --help");
  const auto files = FileOpener::with(line);
  if (!files) return usage_error(files.error().message, "cbtctl extents --help");
  const auto chains = open_chains(*files, files->arguments(), line.list("disk"));
  if (!chains) return told(chains.error());
  std::vector<report::MappedChain> mapped;
  std::size_t left_to_keep = std::size_t{1} << 20;  // 32 MiB
  int status = exit_done;
  for (const NamedChain& named : *chains) {
    status |= status_of(named);
    mapped.push_back(map_of(named, line.has("allow-mismatch"), left_to_keep));
    left_to_keep -= mapped.back().extents.size();
    const std::string& error = mapped.back().subject.error;
    if (error.empty()) continue;
    status |= exit_incomplete;
    if (named.chain && !named.chain->broken()) log::error(error);
  }
  const report::TextSink sink = [](std::string_view text) { return write_output(text); };
  const bool written = line.json ? report::print_extents_json(mapped, status, sink, provenance_of(line.provenance))
                       : line.has("csv") ? report::print_extents_csv(mapped, sink)
                                         : report::print_extents_table(mapped, line.style, sink);
  return written ? status : status | exit_incomplete;
}

}  // namespace cbtctl::cli
