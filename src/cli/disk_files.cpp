#include "cli/disk_files.h"

#include <algorithm>

#include "cli/exit_status.h"
#include "formats/identify.h"
#include "formats/vmx/configuration.h"
#include "log/log.h"
#include "storage/path.h"

namespace cbtctl::cli {
namespace {

using formats::core::ByteSource;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;
using formats::text::Document;

bool is_below(const std::string& path, const std::string& root) {
  return path.starts_with(root == "/" ? root : root + "/");
}

std::optional<std::string> mapped(const std::string& written, const std::vector<std::string>& mappings) {
  for (const std::string& mapping : mappings) {
    const std::size_t equals = mapping.find('=');
    if (equals == std::string::npos) continue;
    const std::string remote = mapping.substr(0, equals);
    if (is_below(written, remote)) return mapping.substr(equals + 1) + written.substr(remote.size());
  }
  return std::nullopt;
}

}  // namespace

Result<disk::NamedSource> open_named(const FileOpener& files, const std::string& path) {
  auto source = files.open(path);
  if (!source) return source.error().in(path);
  return disk::NamedSource{path, std::shared_ptr<const ByteSource>(std::move(*source))};
}

// On a host every datastore is known by its path, so what lies on another one is no stranger.
disk::Finder finder_for(const FileOpener& files, const std::string& file, const std::vector<std::string>& mappings) {
  std::vector<std::string> roots;
  if (const auto real = files.real_name(file)) {
    roots.emplace_back(storage::parent_of(storage::parent_of(*real)));
    if (roots.back().empty()) roots.back() = "/";
    if (is_on_host(file)) roots.push_back(FileOpener::beside(file, "/vmfs/volumes"));
  }
  for (const std::string& mapping : mappings) {
    if (const auto local = files.real_name(mapping.substr(mapping.find('=') + 1))) roots.push_back(*local);
  }
  return [files, roots, mappings](const std::string& from, const std::string& written) -> Result<disk::NamedSource> {
    if (written.empty()) return open_named(files, from);
    const auto elsewhere = written.starts_with('/') ? mapped(written, mappings) : std::nullopt;
    const std::string path = elsewhere ? *elsewhere : FileOpener::beside(from, written);
    const auto real = files.real_name(path);
    if (!real)
      return Error{real.error().kind,
                   from + ": names " + written + ", which " +
                       (real.error().kind == ErrorKind::missing ? "is not there" : "cannot be reached")};
    if (std::none_of(roots.begin(), roots.end(), [&](const std::string& root) { return is_below(*real, root); })) {
      return Error{ErrorKind::outside,
                   from + ": names " + written + ", which lies outside; --map REMOTE=LOCAL tells where it is"};
    }
    return open_named(files, path);
  };
}

std::vector<NamedChain> open_chains(const FileOpener& files, const std::vector<std::string>& arguments,
                                    const std::vector<std::string>& mappings, const std::vector<std::string>& slots) {
  std::vector<NamedChain> chains;
  const auto open = [&](NamedChain named) {
    auto chain = disk::Chain::open(named.path, finder_for(files, named.path, mappings));
    if (chain)
      named.chain = std::move(*chain);
    else
      named.error = chain.error();
    // "x-000001.vmdk" belongs to "x.vmsd", "x.vmx" to "x.vmsd".
    std::string stem = named.vm.empty() ? (named.chain ? named.chain->links().back().path : named.path) : named.vm;
    stem.resize(stem.rfind('.') == std::string::npos ? stem.size() : stem.rfind('.'));
    if (const auto text = files.read_text(stem + ".vmsd")) {
      if (auto list = formats::vmsd::decode(Document::decode(*text))) named.snapshots = std::move(*list);
    }
    chains.push_back(std::move(named));
  };
  for (const std::string& argument : arguments) {
    const std::string lower = formats::text::lower(argument);
    if (!lower.ends_with(".vmx") && !lower.ends_with(".vmtx")) {
      open({.vm = {}, .slot = {}, .path = argument, .chain = {}, .error = {}, .snapshots = {}});
      continue;
    }
    const auto text = files.read_text(argument);
    auto settings =
        text ? formats::vmx::decode(Document::decode(*text)) : Result<formats::vmx::Configuration>(text.error());
    if (!settings) {
      chains.push_back({.vm = argument,
                        .slot = {},
                        .path = argument,
                        .chain = {},
                        .error = settings.error().in(argument),
                        .snapshots = {}});
      continue;
    }
    for (const formats::vmx::Disk& each : settings->disks) {
      if (!slots.empty() && std::find(slots.begin(), slots.end(), each.slot) == slots.end()) continue;
      const auto elsewhere = each.file_name.starts_with('/') ? mapped(each.file_name, mappings) : std::nullopt;
      const std::string path = elsewhere ? *elsewhere : FileOpener::beside(argument, each.file_name);
      open({.vm = argument, .slot = each.slot, .path = path, .chain = {}, .error = {}, .snapshots = {}});
    }
  }
  return chains;
}

Result<std::shared_ptr<const ByteSource>> open_image(const FileOpener& files, const std::string& path,
                                                     const std::vector<std::string>& mappings) {
  auto file = open_named(files, path);
  if (!file) return file.error();
  const auto head = formats::core::read_head(*file->source, formats::identify_bytes);
  if (!head) return head.error().in(path);
  const auto kind = formats::identify(*head, path);
  if (kind != formats::FileKind::descriptor && kind != formats::FileKind::hosted_sparse) return file->source;
  auto chain = disk::Chain::open(path, finder_for(files, path, mappings));
  if (!chain) return chain.error();
  return std::shared_ptr<const ByteSource>(std::make_shared<disk::Chain>(std::move(*chain)));
}

int told(const Error& error) {
  log::error(error.message);
  return exit_incomplete;
}

}  // namespace cbtctl::cli
