// chain, extents and export: one disk, with all its parents.
#include "report/chain.h"

#include <algorithm>

#include "cli/disk_files.h"
#include "cli/exit_status.h"
#include "cli/ssh_options.h"
#include "disk/export.h"
#include "log/log.h"
#include "report/changes.h"
#include "storage/output.h"

namespace cbtctl::cli {
namespace {

options::options_description disk_options() {
  options::options_description own("Options");
  const auto list = [] { return options::value<std::vector<std::string>>()->composing(); };
  own.add_options()("map", list(), "REMOTE=LOCAL: where absolute paths inside files are found")(
      "disk", list(), "only this slot of a VM");
  add_ssh_options(own);
  return own;
}

report::ChainSubject subject_of(const NamedChain& named) {
  return {.vm = named.vm,
          .slot = named.slot,
          .path = named.path,
          .chain = named.chain ? &*named.chain : nullptr,
          .error = named.error ? named.error->message : std::string(),
          .snapshots = named.snapshots ? &*named.snapshots : nullptr};
}

// What was not obtained counts; what is damaged, outside or missing does not.
int status_for(const formats::core::Error& error, bool named_by_user) {
  const bool missing = named_by_user && error.kind == formats::core::ErrorKind::missing;
  return is_incomplete(error.kind) || missing ? exit_incomplete : exit_done;
}

}  // namespace

int run_chain(const Verb& verb, const std::vector<std::string>& arguments) {
  const Parsed parsed = parse(verb, arguments, disk_options());
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  if (line.arguments.empty()) return usage_error("chain needs a file or a .vmx", "cbtctl chain --help");
  const auto files = FileOpener::with(line);
  if (!files) return usage_error(files.error().message, "cbtctl chain --help");
  const auto chains = open_chains(*files, line.arguments, line.list("map"), line.list("disk"));
  std::vector<report::ChainSubject> subjects;
  int status = exit_done;
  for (const NamedChain& named : chains) {
    subjects.push_back(subject_of(named));
    if (named.error) status |= status_for(*named.error, named.vm.empty() || named.slot.empty());
    if (named.error) log::error(named.error->message);
    if (named.chain && named.chain->broken()) status |= status_for(*named.chain->broken(), false);
  }
  const bool written =
      write_output(line.json ? report::chain_json(subjects, status) : report::chain_tree(subjects, line.style));
  return written ? status : status | exit_incomplete;
}

int run_extents(const Verb& verb, const std::vector<std::string>& arguments) {
  options::options_description own = disk_options();
  own.add_options()("csv", "a row per extent");
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  if (line.arguments.empty()) return usage_error("extents needs a file or a .vmx", "cbtctl extents --help");
  const auto files = FileOpener::with(line);
  if (!files) return usage_error(files.error().message, "cbtctl extents --help");
  const auto chains = open_chains(*files, line.arguments, line.list("map"), line.list("disk"));
  std::vector<report::MappedChain> mapped;
  int status = exit_done;
  for (const NamedChain& named : chains) {
    report::MappedChain each{subject_of(named), {}};
    if (named.chain) {
      const auto done = named.chain->visit_map([&](const disk::MapExtent& extent) { each.extents.push_back(extent); });
      if (!done) each.subject.error = done.error().message;
      if (!done) status |= status_for(done.error(), false);
    } else {
      status |= status_for(*named.error, named.vm.empty() || named.slot.empty());
    }
    if (!each.subject.error.empty()) log::error(each.subject.error);
    mapped.push_back(std::move(each));
  }
  const bool written = write_output(line.json         ? report::extents_json(mapped, status)
                                    : line.has("csv") ? report::extents_csv(mapped)
                                                      : report::extents_table(mapped, line.style));
  return written ? status : status | exit_incomplete;
}

int run_export(const Verb& verb, const std::vector<std::string>& arguments) {
  options::options_description own = disk_options();
  own.add_options()("link", options::value<std::size_t>()->default_value(0),
                    "from this link of the chain: 0 is now, 1 the snapshot below, ...")(
      "sha256", "also hash the whole image, zeros included");
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl export --help";
  if (line.arguments.size() != 2) return usage_error("export needs a disk and the new file", help);
  const auto files = FileOpener::with(line);
  if (!files) return usage_error(files.error().message, help);
  const auto chains = open_chains(*files, {line.arguments[0]}, line.list("map"), line.list("disk"));
  if (chains.size() != 1)
    return usage_error(line.arguments[0] + " has " + std::to_string(chains.size()) + " disks: choose one with --disk",
                       help);
  if (chains[0].error) return told(*chains[0].error);
  const disk::Chain& chain = *chains[0].chain;
  const std::size_t link = line.values["link"].as<std::size_t>();
  if (link >= chain.links().size())
    return usage_error("--link takes a number below " + std::to_string(chain.links().size()), help);
  auto output = storage::create_output(line.arguments[1]);
  if (!output) {
    log::error(output.error().message);
    return output.error().kind == formats::core::ErrorKind::usage ? exit_usage : exit_incomplete;
  }
  const auto exported = disk::export_raw(chain.from(link), **output, line.has("sha256"));
  if (!exported) return told(exported.error());
  if (const auto finished = (*output)->finish(); !finished) return told(finished.error());
  return write_output(report::export_report({line.arguments[0], line.arguments[1], link}, *exported, line.json))
             ? exit_done
             : exit_incomplete;
}

}  // namespace cbtctl::cli
