#include "cli/disk_files.h"

#include <algorithm>
#include <iterator>

#include "cli/exit_status.h"
#include "cli/file_kind.h"
#include "cli/ssh_options.h"
#include "cli/tracked_disk.h"
#include "disk/exact.h"
#include "formats/core/path.h"
#include "formats/identify.h"
#include "formats/vmware/names.h"
#include "formats/vmx/configuration.h"
#include "log/log.h"

namespace cbtctl::cli {
namespace {

using formats::core::ByteSource;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;
using formats::core::stem_of;
using formats::text::Document;
using formats::vmware::names_a_configuration;
using storage::Location;

std::optional<formats::vmsd::SnapshotList> read_snapshots(const FileOpener& files, const Location& file) {
  const auto text = files.read_text(file);
  if (!text) return std::nullopt;
  auto list = formats::vmsd::decode(Document::decode(*text));
  if (list) return std::move(*list);
  log::warning(file.text + ": " + list.error().message);
  return std::nullopt;
}

bool freezes(const formats::vmsd::SnapshotList& list, const disk::Chain& chain) {
  for (const disk::Link& link : chain.links()) {
    if (report::snapshot_of(list, {}, link) != nullptr) return true;
  }
  return false;
}

// In the disk's folder, the one that speaks of the chain.
std::optional<formats::vmsd::SnapshotList> snapshots_beside(const FileOpener& files, const Location& disk,
                                                            const disk::Chain& chain) {
  const auto names = files.names_beside(disk);
  if (!names) return std::nullopt;
  for (const std::string& name : *names) {
    if (formats::vmware::parse_name(name).kind != formats::vmware::NameKind::snapshot_list) continue;
    auto list = read_snapshots(files, storage::beside(disk, name));
    if (list && freezes(*list, chain)) return list;
  }
  return std::nullopt;
}

std::optional<formats::vmsd::SnapshotList> snapshots_of_machine(const FileOpener& files, Location vm) {
  for (std::string* part : {&vm.path, &vm.text}) *part = std::string(stem_of(*part)) + ".vmsd";
  return read_snapshots(files, vm);
}

void open_chain(const FileOpener& files, const Location& disk, NamedChain& named) {
  named.finder = finder_for(files, disk);
  auto chain = disk::Chain::open(disk.text, named.finder);
  if (chain)
    named.chain = std::move(*chain);
  else
    named.error = chain.error();
}

NamedChain chain_of_disk(const FileOpener& files, const Location& disk) {
  NamedChain named{.vm = {}, .path = disk.text};
  open_chain(files, disk, named);
  if (named.chain) named.snapshots = snapshots_beside(files, disk, *named.chain);
  return named;
}

bool is_chosen(const formats::vmx::Disk& disk, const std::vector<std::string>& slots) {
  return slots.empty() || std::ranges::find(slots, disk.slot) != slots.end();
}

std::vector<NamedChain> chains_of_machine(const FileOpener& files, const Location& vm,
                                          const std::vector<std::string>& slots) {
  const std::string& name = vm.text;
  const auto text = files.read_text(vm);
  const auto settings =
      text ? formats::vmx::decode(Document::decode(*text)) : Result<formats::vmx::Configuration>(text.error());
  if (!settings) return {{.vm = name, .path = name, .error = text ? settings.error().in(name) : text.error()}};
  if (settings->encrypted)
    return {{.vm = name, .path = name, .error = Error{ErrorKind::encrypted, name + ": is encrypted"}}};
  if (settings->disks.empty())
    return {{.vm = name, .path = name, .error = Error{ErrorKind::malformed, name + ": has 0 disks"}}};
  const Resolver resolver(files, vm);
  std::vector<NamedChain> chains;
  for (const formats::vmx::Disk& each : settings->disks) {
    if (!is_chosen(each, slots)) continue;
    const Location disk = resolver.place_of(vm, each.file_name);
    NamedChain named{.vm = name, .slot = each.slot, .path = disk.text};
    if (const auto found = resolver.open(vm, each.file_name, disk); !found) {
      named.error = found.error();
    } else {
      open_chain(files, disk, named);
      named.snapshots = snapshots_of_machine(files, vm);
    }
    chains.push_back(std::move(named));
  }
  return chains;
}

}  // namespace

Result<std::vector<NamedChain>> open_chains(const FileOpener& files, const std::vector<Location>& arguments,
                                            const std::vector<std::string>& slots) {
  const auto roles = roles_of(files, arguments, Takes::machine_or_disk);
  if (!roles) return roles.error();
  std::vector<NamedChain> chains;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& role = (*roles)[i];
    const bool is_machine = role ? role == FileRole::machine : names_a_configuration(arguments[i].path);
    auto found = is_machine ? chains_of_machine(files, arguments[i], slots)
                            : std::vector<NamedChain>{chain_of_disk(files, arguments[i])};
    std::ranges::move(found, std::back_inserter(chains));
  }
  if (chains.empty() && !arguments.empty())
    return Error{ErrorKind::usage, arguments.front().text + " has 0 disks called " + slots.front()};
  return chains;
}

Result<disk::Tracking> open_ctk(const FileOpener& files, const Location& file) {
  if (const auto role = role_of(files, file, Takes::tracking_file); !role) return role.error();
  const auto found = open_named(files, file);
  if (!found) return found.error();
  return disk::open_tracking(*found, tracked_sectors(files, file));
}

void add_file_options(Options& own) {
  own.texts("map", "REMOTE=LOCAL: where absolute paths inside files are found");
  add_ssh_options(own);
}

Options disk_options() {
  Options own("Options");
  add_provenance_option(own);
  own.texts("disk", "only this slot of a VM");
  add_file_options(own);
  return own;
}

void allow_mismatch(Options& own) {
  own.flag("allow-mismatch",
           "also where a link does not fit its parent: what that lacks in capacity reads as zeros, and where it was "
           "written since (CID) two points in time may be mixed");
}

void warn_of_mismatches(const disk::Chain& chain) {
  for (const std::string& mismatch : disk::mismatches_of(chain)) log::warning(mismatch);
}

report::ChainSubject subject_of(const NamedChain& named) {
  return {.vm = named.vm,
          .slot = named.slot,
          .path = named.path,
          .chain = named.chain ? &*named.chain : nullptr,
          .error = named.error ? named.error->message : std::string(),
          .snapshots = named.snapshots ? &*named.snapshots : nullptr};
}

int status_of(const NamedChain& named) {
  const auto& broken = named.chain ? named.chain->broken() : named.error;
  int status = exit_done;
  if (broken) {
    log::error(broken->message);
    const bool shows_nothing = named.error && named.slot.empty() && broken->kind != ErrorKind::in_use;
    if (is_incomplete(broken->kind) || shows_nothing) status = exit_incomplete;
  }
  if (!named.chain) return status;
  for (const disk::Link& link : named.chain->links()) {
    for (const disk::Link::Part& part : link.parts) {
      if (part.error && is_incomplete(part.error->kind)) status = exit_incomplete;
    }
  }
  return status;
}

Result<std::shared_ptr<const ByteSource>> open_image(const FileOpener& files, const Location& file,
                                                     bool allow_mismatch) {
  if (const auto role = role_of(files, file, Takes::image); !role) return role.error();
  auto found = open_named(files, file);
  if (!found) return found.error();
  const auto head = formats::core::read_head(*found->source, formats::identify_bytes);
  if (!head) return head.error().in(file.text);
  const auto kind = formats::identify(*head, file.path);
  if (kind != formats::FileKind::descriptor && kind != formats::FileKind::hosted_sparse) return found->source;
  auto chain = disk::Chain::open(file.text, finder_for(files, file));
  if (!chain) return chain.error();
  if (auto error = disk::why_not_exact(*chain, {disk::Scrutiny::headers, allow_mismatch})) return *error;
  if (allow_mismatch) warn_of_mismatches(*chain);
  return std::shared_ptr<const ByteSource>(std::make_shared<disk::Chain>(std::move(*chain)));
}

}  // namespace cbtctl::cli
