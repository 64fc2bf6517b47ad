#include "cli/disk_files.h"

#include <algorithm>

#include "cli/exit_status.h"
#include "cli/ssh_options.h"
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
using formats::core::join;
using formats::core::Result;
using formats::core::stem_of;
using formats::text::Document;
using formats::vmware::names_a_configuration;

std::optional<formats::vmsd::SnapshotList> read_snapshots(const FileOpener& files, const std::string& path) {
  const auto text = files.read_text(path);
  if (!text) return std::nullopt;
  auto list = formats::vmsd::decode(Document::decode(*text));
  if (list) return std::move(*list);
  log::warning(path + ": " + list.error().message);
  return std::nullopt;
}

bool freezes(const formats::vmsd::SnapshotList& list, const disk::Chain& chain) {
  for (const disk::Link& link : chain.links()) {
    if (report::snapshot_of(list, {}, link) != nullptr) return true;
  }
  return false;
}

// That of the virtual machine; where a disk was named, the one in its folder that speaks of the chain.
std::optional<formats::vmsd::SnapshotList> snapshots_for(const FileOpener& files, const NamedChain& named) {
  if (!named.vm.empty()) return read_snapshots(files, std::string(stem_of(named.vm)) + ".vmsd");
  if (!named.chain) return std::nullopt;
  for (const std::string& name : files.names_beside(named.path)) {
    if (formats::vmware::parse_name(name).kind != formats::vmware::NameKind::snapshot_list) continue;
    auto list = read_snapshots(files, FileOpener::beside(named.path, name));
    if (list && freezes(*list, *named.chain)) return list;
  }
  return std::nullopt;
}

void open_chain(const FileOpener& files, NamedChain& named) {
  auto chain = disk::Chain::open(named.path, finder_for(files, named.path));
  if (chain)
    named.chain = std::move(*chain);
  else
    named.error = chain.error();
  named.snapshots = snapshots_for(files, named);
}

std::vector<NamedChain> chains_of_machine(const FileOpener& files, const std::string& vm,
                                          const std::vector<std::string>& slots) {
  const auto text = files.read_text(vm);
  const auto settings =
      text ? formats::vmx::decode(Document::decode(*text)) : Result<formats::vmx::Configuration>(text.error());
  if (!settings) return {{.vm = vm, .path = vm, .error = text ? settings.error().in(vm) : text.error()}};
  if (settings->encrypted) return {{.vm = vm, .path = vm, .error = Error{ErrorKind::encrypted, vm + ": is encrypted"}}};
  const Resolver resolver(files, vm);
  std::vector<NamedChain> chains;
  for (const formats::vmx::Disk& each : settings->disks) {
    if (!slots.empty() && std::find(slots.begin(), slots.end(), each.slot) == slots.end()) continue;
    NamedChain named{.vm = vm, .slot = each.slot, .path = resolver.place_of(vm, each.file_name)};
    const auto found = resolver.find(vm, each.file_name);
    if (found)
      open_chain(files, named);
    else
      named.error = found.error();
    chains.push_back(std::move(named));
  }
  return chains;
}

// Those in a folder of virtual machines' files, by name; none where it is a file.
std::vector<std::string> machines_in(const FileOpener& files, const std::string& folder) {
  std::vector<std::string> machines;
  for (const std::string& name : files.names_in(folder)) {
    if (names_a_configuration(name)) machines.push_back(join(folder, name));
  }
  std::sort(machines.begin(), machines.end());
  return machines;
}

}  // namespace

std::vector<NamedChain> open_chains(const FileOpener& files, const std::vector<std::string>& arguments,
                                    const std::vector<std::string>& slots) {
  std::vector<NamedChain> chains;
  const auto add_machine = [&](const std::string& vm) {
    for (NamedChain& named : chains_of_machine(files, vm, slots)) chains.push_back(std::move(named));
  };
  for (const std::string& argument : arguments) {
    const auto machines = names_a_configuration(argument) ? std::vector{argument} : machines_in(files, argument);
    for (const std::string& vm : machines) add_machine(vm);
    if (machines.empty()) {
      NamedChain named{.vm = {}, .path = argument};
      open_chain(files, named);
      chains.push_back(std::move(named));
    }
  }
  return chains;
}

Result<disk::Tracking> open_ctk(const FileOpener& files, const std::string& path) {
  const auto file = open_named(files, path);
  if (!file) return file.error();
  return disk::open_tracking(*file);
}

namespace {

auto list_option() { return options::value<std::vector<std::string>>()->composing(); }

}  // namespace

void add_file_options(options::options_description& own) {
  own.add_options()("map", list_option(), "REMOTE=LOCAL: where absolute paths inside files are found");
  add_ssh_options(own);
}

options::options_description disk_options() {
  options::options_description own("Options");
  own.add_options()("disk", list_option(), "only this slot of a VM");
  add_file_options(own);
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

int status_of(const NamedChain& named) {
  const auto& broken = named.chain ? named.chain->broken() : named.error;
  int status = exit_done;
  if (broken) {
    log::error(broken->message);
    const bool is_named_by_user = named.error && named.slot.empty();
    if (is_incomplete(broken->kind) || (is_named_by_user && broken->kind == ErrorKind::missing))
      status = exit_incomplete;
  }
  if (!named.chain) return status;
  for (const disk::Link& link : named.chain->links()) {
    for (const disk::Link::Part& part : link.parts) {
      if (part.error && is_incomplete(part.error->kind)) status = exit_incomplete;
    }
  }
  return status;
}

Result<std::shared_ptr<const ByteSource>> open_image(const FileOpener& files, const std::string& path) {
  auto file = open_named(files, path);
  if (!file) return file.error();
  const auto head = formats::core::read_head(*file->source, formats::identify_bytes);
  if (!head) return head.error().in(path);
  const auto kind = formats::identify(*head, path);
  if (kind == formats::FileKind::cowd || kind == formats::FileKind::sesparse || kind == formats::FileKind::ctk)
    return Error{ErrorKind::malformed, path + ": is no image but " + std::string(formats::name_of(kind)) +
                                           "; name the descriptor of a disk, or a raw image"};
  if (kind != formats::FileKind::descriptor && kind != formats::FileKind::hosted_sparse) return file->source;
  auto chain = disk::Chain::open(path, finder_for(files, path));
  if (!chain) return chain.error();
  return std::shared_ptr<const ByteSource>(std::make_shared<disk::Chain>(std::move(*chain)));
}

}  // namespace cbtctl::cli
