#include "cli/resolver.h"

#include <algorithm>

#include "discovery/references.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::cli {
namespace {

using formats::core::ByteSource;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::file_name;
using formats::core::join;
using formats::core::normalise;
using formats::core::parent_of;
using formats::core::Result;
using formats::vmware::volumes_root;

bool is_below(std::string_view path, const std::string& root) {
  return path.starts_with(root == "/" ? root : root + "/");
}

// The folder that holds the file's folder, as the user would write it.
std::string root_of(const std::string& file) {
  const std::string folder(parent_of(file));
  if (folder.empty()) return file.starts_with('/') ? "/" : "..";
  const std::string_view last = file_name(folder);
  if (last == "." || last == "..") return folder + "/..";
  const std::string above(parent_of(folder));
  return above.empty() && folder.starts_with('/') ? "/" : above;
}

std::string below(const std::string& root, std::string_view tail) {
  return root == "/" ? "/" + std::string(tail) : join(root, tail);
}

}  // namespace

Resolver::Resolver(FileOpener files, const std::string& file) : files_(std::move(files)), root_(root_of(file)) {
  if (const auto real = files_.real_name(file)) {
    const std::string folder(parent_of(*real));
    const std::string above(parent_of(folder));
    roots_.push_back(above.empty() ? folder : above);  // never all of the machine for a folder at its top
    if (roots_.back().empty()) roots_.back() = "/";
    if (is_on_host(file)) roots_.push_back(FileOpener::beside(file, std::string(volumes_root)));
    knows_a_volume_ = formats::vmware::parse_volume_path(*real).has_value();
    if (knows_a_volume_) roots_.emplace_back(volumes_root);
  }
  for (const discovery::Mapping& mapping : files_.mappings()) roots_.push_back(mapping.local);
}

std::string Resolver::place_of(const std::string& from, const std::string& written) const {
  return written.starts_with('/') ? absolute(from, written) : FileOpener::beside(from, written);
}

Result<disk::NamedSource> Resolver::find(const std::string& from, const std::string& written) const {
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

std::string Resolver::absolute(const std::string& from, const std::string& written) const {
  const auto normal = normalise(std::string_view(written).substr(1));
  const discovery::ReferenceLookup<std::string> lookup{
      .mapped = [this](std::size_t mapping,
                       std::string_view rest) { return std::optional(below(files_.mappings()[mapping].given, rest)); },
      .itself = [&](const std::string& path) { return itself(from, written, path); },
      .below_roots = [this](std::string_view tail) { return by_tail(tail); }};
  const auto found =
      normal ? discovery::find_reference("/" + *normal, discovery::ReferenceTo::file, files_.mappings(), lookup)
             : std::nullopt;
  return found ? found->place : FileOpener::beside(from, written);
}

// As it was written. On a host, and off the volumes, it is what it is, there or not.
std::optional<std::string> Resolver::itself(const std::string& from, const std::string& written,
                                            const std::string& absolute) const {
  std::string path = FileOpener::beside(from, written);
  const bool may_lie_elsewhere = !is_on_host(from) && formats::vmware::parse_volume_path(absolute);
  if (may_lie_elsewhere && !files_.real_name(path)) return std::nullopt;
  return path;
}

std::vector<std::string> Resolver::by_tail(std::string_view tail) const {
  if (knows_a_volume_) return {};
  std::string local = below(root_, tail);
  return files_.real_name(local) ? std::vector{std::move(local)} : std::vector<std::string>{};
}

Result<disk::NamedSource> open_named(const FileOpener& files, const std::string& path) {
  auto source = files.open(path);
  if (!source) return source.error().in(path);
  const auto real = files.real_name(path);
  return disk::NamedSource{path, real ? *real : path, std::shared_ptr<const ByteSource>(std::move(*source)),
                           files.modified_ns(path)};
}

disk::Finder finder_for(const FileOpener& files, const std::string& file) {
  return [files, resolver = Resolver(files, file)](const std::string& from, const std::string& written) {
    return written.empty() ? open_named(files, from) : resolver.find(from, written);
  };
}

}  // namespace cbtctl::cli
