// chain: one disk with all its parents, as a tree.
#include "report/chain.h"

#include "cli/disk_files.h"
#include "cli/exit_status.h"
#include "cli/told.h"
#include "disk/link_facts.h"
#include "log/log.h"

namespace cbtctl::cli {
namespace {

report::LinkTracking tracking_of(const disk::Link& link, const disk::Finder& finder) {
  report::LinkTracking tracking{.path = *link.content.change_track_path};
  const auto file = finder(link.path, tracking.path);
  if (!file) {
    tracking.exists = file.error().kind != formats::core::ErrorKind::missing;
    tracking.verdict.fits = tracking.exists ? std::nullopt : std::optional(false);
    tracking.verdict.reason = file.error().message;
    return tracking;
  }
  tracking.path = file->path;
  tracking.exists = true;
  tracking.size_bytes = file->source->size_bytes();
  const auto head = formats::core::read_head(*file->source, formats::ctk::header_bytes);
  const auto header = head ? formats::ctk::decode(*head) : formats::core::Result<formats::ctk::Header>(head.error());
  if (header) {
    tracking.verdict = analysis::judge_header(*header, *tracking.size_bytes, link.capacity_bytes);
  } else {
    tracking.verdict.fits = head ? std::optional(false) : std::nullopt;
    tracking.verdict.reason = header.error().in(file->path).message;
  }
  return tracking;
}

report::InspectedChain inspect(const NamedChain& named) {
  report::InspectedChain inspected{subject_of(named), {}, {}};
  if (!named.chain) return inspected;
  for (std::size_t i = 0; i < named.chain->links().size(); ++i) {
    const disk::Link& link = named.chain->links()[i];
    inspected.facts.push_back(disk::inspect_link(*named.chain, i));
    inspected.tracking.push_back(link.content.change_track_path ? std::optional(tracking_of(link, named.finder))
                                                                : std::nullopt);
  }
  return inspected;
}

}  // namespace

int run_chain(const Verb& verb, const std::vector<std::string>& arguments) {
  const Parsed parsed = parse(verb, arguments, disk_options());
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  if (line.arguments.empty()) return usage_error("chain needs a file or a .vmx", "cbtctl chain --help");
  const auto files = FileOpener::with(line);
  if (!files) return usage_error(files.error().message, "cbtctl chain --help");
  const auto chains = open_chains(*files, files->arguments(), line.list("disk"));
  if (!chains) return told(chains.error());
  std::vector<report::InspectedChain> inspected;
  int status = exit_done;
  for (const NamedChain& named : *chains) {
    inspected.push_back(inspect(named));
    status |= status_of(named);
  }
  const bool written = write_output(line.json ? report::chain_json(inspected, status, provenance_of(line.provenance))
                                              : report::chain_tree(inspected, line.style));
  return written ? status : status | exit_incomplete;
}

}  // namespace cbtctl::cli
