#include "cli/disk_files.h"

#include <algorithm>

#include "cli/exit_status.h"
#include "cli/ssh_options.h"
#include "formats/identify.h"
#include "formats/vmx/configuration.h"
#include "log/log.h"
#include "storage/local_path.h"
#include "storage/path.h"

namespace cbtctl::cli {
namespace {

using formats::core::ByteSource;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;
using formats::text::Document;

constexpr std::string_view volumes = "/vmfs/volumes";

bool is_below(std::string_view path, const std::string& root) {
  return path.starts_with(root == "/" ? root : root + "/");
}

// The folder that holds the file's folder, as the user would write it.
std::string root_of(const std::string& file) {
  const std::string folder(storage::parent_of(file));
  if (folder.empty()) return file.starts_with('/') ? "/" : "..";
  const std::string_view last = storage::file_name(folder);
  if (last == "." || last == "..") return folder + "/..";
  const std::string above(storage::parent_of(folder));
  return above.empty() && folder.starts_with('/') ? "/" : above;
}

std::string below(const std::string& root, std::string_view tail) {
  return root == "/" ? "/" + std::string(tail) : storage::join(root, tail);
}

// Where names inside files lead: into the file's own folder, a folder beside that, below a --map; on a host anywhere
// below /vmfs/volumes; nowhere else.
class Resolver {
 public:
  Resolver(FileOpener files, const std::string& file, const std::vector<std::string>& mappings)
      : files_(std::move(files)), mappings_(mappings), root_(root_of(file)) {
    if (const auto real = files_.real_name(file)) {
      roots_.emplace_back(storage::parent_of(storage::parent_of(*real)));
      if (roots_.back().empty()) roots_.back() = "/";
      if (is_on_host(file)) roots_.push_back(FileOpener::beside(file, std::string(volumes)));
      if (is_below(*real, std::string(volumes))) roots_.emplace_back(volumes);
    }
    for (const std::string& mapping : mappings) {
      if (const auto local = files_.real_name(mapping.substr(mapping.find('=') + 1))) roots_.push_back(*local);
    }
  }

  // The path at which the file called `written` in `from` is looked for.
  [[nodiscard]] std::string place_of(const std::string& from, const std::string& written) const {
    return written.starts_with('/') ? absolute(from, written) : FileOpener::beside(from, written);
  }

  [[nodiscard]] Result<disk::NamedSource> find(const std::string& from, const std::string& written) const {
    const std::string path = place_of(from, written);
    const auto real = files_.real_name(path);
    if (!real) {
      const bool missing = real.error().kind == ErrorKind::missing;
      return Error{real.error().kind,
                   from + ": names " + written + ", which " + (missing ? "is not there" : "cannot be reached")};
    }
    const bool inside =
        std::any_of(roots_.begin(), roots_.end(), [&](const std::string& root) { return is_below(*real, root); });
    if (inside) return open_named(files_, path);
    return Error{ErrorKind::outside,
                 from + ": names " + written + ", which lies outside; --map REMOTE=LOCAL tells where it is"};
  }

 private:
  // By --map, else as it is, else by the longest tail, at least folder and file, that is there below the root.
  [[nodiscard]] std::string absolute(const std::string& from, const std::string& written) const {
    for (const std::string& mapping : mappings_) {
      const std::size_t equals = mapping.find('=');
      if (equals == std::string::npos || !is_below(written, mapping.substr(0, equals))) continue;
      return mapping.substr(equals + 1) + written.substr(equals);
    }
    if (is_on_host(from)) return FileOpener::beside(from, written);
    if (!is_below(written, std::string(volumes)) || files_.real_name(written)) return written;
    std::string_view tail = std::string_view(written).substr(volumes.size() + 1);
    for (std::size_t slash = tail.find('/'); slash != std::string_view::npos; slash = tail.find('/')) {
      tail.remove_prefix(slash + 1);
      if (tail.find('/') == std::string_view::npos) break;
      const std::string local = below(root_, tail);
      if (storage::normalise(tail) == tail && files_.real_name(local)) return local;
    }
    return written;
  }

  FileOpener files_;
  std::vector<std::string> mappings_;
  std::string root_;
  std::vector<std::string> roots_;  // real
};

}  // namespace

Result<disk::NamedSource> open_named(const FileOpener& files, const std::string& path) {
  auto source = files.open(path);
  if (!source) return source.error().in(path);
  return disk::NamedSource{path, std::shared_ptr<const ByteSource>(std::move(*source)),
                           is_on_host(path) ? std::nullopt : storage::modified_ns(path)};
}

disk::Finder finder_for(const FileOpener& files, const std::string& file, const std::vector<std::string>& mappings) {
  return [files, resolver = Resolver(files, file, mappings)](const std::string& from, const std::string& written) {
    return written.empty() ? open_named(files, from) : resolver.find(from, written);
  };
}

namespace {

// "x-000001.vmdk" belongs to "x.vmsd", "x.vmx" to "x.vmsd".
std::optional<formats::vmsd::SnapshotList> snapshots_beside(const FileOpener& files, const NamedChain& named) {
  std::string stem = named.vm;
  if (stem.empty()) stem = named.chain ? named.chain->links().back().path : named.path;
  stem.resize(std::min(stem.rfind('.'), stem.size()));
  const auto text = files.read_text(stem + ".vmsd");
  if (!text) return std::nullopt;
  auto list = formats::vmsd::decode(Document::decode(*text));
  return list ? std::optional(std::move(*list)) : std::nullopt;
}

void open_chain(const FileOpener& files, NamedChain& named, const std::vector<std::string>& mappings) {
  auto chain = disk::Chain::open(named.path, finder_for(files, named.path, mappings));
  if (chain)
    named.chain = std::move(*chain);
  else
    named.error = chain.error();
  named.snapshots = snapshots_beside(files, named);
}

std::vector<NamedChain> chains_of_machine(const FileOpener& files, const std::string& vm,
                                          const std::vector<std::string>& mappings,
                                          const std::vector<std::string>& slots) {
  const auto text = files.read_text(vm);
  const auto settings =
      text ? formats::vmx::decode(Document::decode(*text)) : Result<formats::vmx::Configuration>(text.error());
  if (!settings) return {{.vm = vm, .path = vm, .error = text ? settings.error().in(vm) : text.error()}};
  if (settings->encrypted) return {{.vm = vm, .path = vm, .error = Error{ErrorKind::encrypted, vm + ": is encrypted"}}};
  const Resolver resolver(files, vm, mappings);
  std::vector<NamedChain> chains;
  for (const formats::vmx::Disk& each : settings->disks) {
    if (!slots.empty() && std::find(slots.begin(), slots.end(), each.slot) == slots.end()) continue;
    NamedChain named{.vm = vm, .slot = each.slot, .path = resolver.place_of(vm, each.file_name)};
    const auto found = resolver.find(vm, each.file_name);
    if (found)
      open_chain(files, named, mappings);
    else
      named.error = found.error();
    chains.push_back(std::move(named));
  }
  return chains;
}

}  // namespace

std::vector<NamedChain> open_chains(const FileOpener& files, const std::vector<std::string>& arguments,
                                    const std::vector<std::string>& mappings, const std::vector<std::string>& slots) {
  std::vector<NamedChain> chains;
  for (const std::string& argument : arguments) {
    const std::string lower = formats::text::lower(argument);
    if (lower.ends_with(".vmx") || lower.ends_with(".vmtx")) {
      for (NamedChain& named : chains_of_machine(files, argument, mappings, slots)) chains.push_back(std::move(named));
      continue;
    }
    NamedChain named{.vm = {}, .path = argument};
    open_chain(files, named, mappings);
    chains.push_back(std::move(named));
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
