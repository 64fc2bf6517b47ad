#include "cli/resolver.h"

#include <algorithm>
#include <map>
#include <memory>

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
using storage::Location;

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

Resolver::Resolver(FileOpener files, const Location& file) : files_(std::move(files)), root_(root_of(file.text)) {
  if (const auto real = files_.real_name(file)) {
    const std::string folder(parent_of(*real));
    const std::string above(parent_of(folder));
    roots_.push_back(above.empty() ? folder : above);  // never all of the machine for a folder at its top
    if (roots_.back().empty()) roots_.back() = "/";
    if (file.is_ssh) roots_.push_back(storage::beside(file, volumes_root).text);
    knows_a_volume_ = formats::vmware::parse_volume_path(*real).has_value();
    if (knows_a_volume_) roots_.emplace_back(volumes_root);
  }
  for (const discovery::Mapping& mapping : files_.mappings()) roots_.push_back(mapping.local);
}

Location Resolver::place_of(const Location& from, const std::string& written) const {
  return written.starts_with('/') ? absolute(from, written) : storage::beside(from, written);
}

Result<disk::NamedSource> Resolver::open(const Location& from, const std::string& written,
                                         const Location& place) const {
  const auto real = files_.real_name(place);
  if (!real && !formats::vmware::is_absolute_elsewhere(written)) {
    const bool missing = real.error().kind == ErrorKind::missing;
    return Error{real.error().kind,
                 from.text + ": names " + written + ", which " + (missing ? "is not there" : "cannot be reached")};
  }
  if (real && is_inside(*real)) return open_named(files_, place);
  return Error{ErrorKind::outside,
               from.text + ": names " + written + ", which lies outside; --map REMOTE=LOCAL tells where it is"};
}

bool Resolver::finds(const Location& from, const std::string& written) const {
  const Location place = place_of(from, written);
  const auto real = files_.real_name(place);
  if (!real || !is_inside(*real)) return false;
  const auto names = files_.names_beside(place);
  return names && std::ranges::count(*names, file_name(place.path)) != 0;
}

bool Resolver::is_inside(const std::string& real) const {
  return std::ranges::any_of(roots_, [&](const std::string& root) { return is_below(real, root); });
}

Location Resolver::absolute(const Location& from, const std::string& written) const {
  const auto normal = normalise(std::string_view(written).substr(1));
  const discovery::ReferenceLookup<Location> lookup{
      .mapped =
          [this](std::size_t mapping, std::string_view rest) {
            return std::optional(storage::local_location(below(files_.mappings()[mapping].given, rest)));
          },
      .itself = [&](const std::string& path) { return itself(from, written, path); },
      .below_roots = [this](std::string_view tail) { return by_tail(tail); }};
  auto found = normal
                   ? discovery::find_reference("/" + *normal, discovery::ReferenceTo::file, files_.mappings(), lookup)
                   : std::nullopt;
  return found ? std::move(found->place) : storage::beside(from, written);
}

// As it was written. On a host, and off the volumes, it is what it is, there or not.
std::optional<Location> Resolver::itself(const Location& from, const std::string& written,
                                         const std::string& absolute) const {
  Location place = storage::beside(from, written);
  const bool may_lie_elsewhere = !from.is_ssh && formats::vmware::parse_volume_path(absolute);
  if (may_lie_elsewhere && !files_.real_name(place)) return std::nullopt;
  return place;
}

std::vector<Location> Resolver::by_tail(std::string_view tail) const {
  if (knows_a_volume_) return {};
  Location local = storage::local_location(below(root_, tail));
  return files_.real_name(local) ? std::vector{std::move(local)} : std::vector<Location>{};
}

Result<disk::NamedSource> open_named(const FileOpener& files, const Location& file) {
  auto source = files.open(file);
  if (!source) return source.error().in(file.text);
  const auto real = files.real_name(file);
  return disk::NamedSource{file.text, real ? *real : file.text, std::shared_ptr<const ByteSource>(std::move(*source)),
                           files.modified_ns(file)};
}

disk::Finder finder_for(const FileOpener& files, const Location& file) {
  using Places = std::map<std::string, Location>;  // by what messages call them
  return [files, resolver = Resolver(files, file), places = std::make_shared<Places>(Places{{file.text, file}})](
             const std::string& from, const std::string& written) {
    const Location& known = places->at(from);
    if (written.empty()) return open_named(files, known);
    const Location place = resolver.place_of(known, written);
    auto found = resolver.open(known, written, place);
    if (found) places->emplace(place.text, place);
    return found;
  };
}

}  // namespace cbtctl::cli
