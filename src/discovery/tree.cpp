#include "discovery/tree.h"

#include <algorithm>
#include <utility>

#include "discovery/volumes.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::discovery {
namespace {

using formats::core::file_name;
using formats::core::join;
using formats::core::normalise;
using formats::core::parent_of;
using storage::Entry;
using storage::EntryType;

constexpr int most_links = 8;  // more than any real datastore has in a row

std::string_view first_component(std::string_view path) { return path.substr(0, path.find('/')); }

}  // namespace

const Entry* Folder::find(std::string_view name) const {
  const auto found = std::lower_bound(entries.begin(), entries.end(), name,
                                      [](const Entry& entry, std::string_view wanted) { return entry.name < wanted; });
  return found != entries.end() && found->name == name ? &*found : nullptr;
}

const Folder* Tree::folder(std::size_t place, std::string_view path) const {
  if (place >= places_->size()) list_mapped(place - places_->size(), std::string(path));
  const Listed& listed = listed_[place];
  const auto found = listed.by_path.find(path);
  return found == listed.by_path.end() ? nullptr : &listed.folders[found->second];
}

std::string Tree::read_path(const Spot& spot) const {
  const Listed& listed = listed_[spot.place];
  const std::string_view first = first_component(spot.path);
  const auto volume = listed.volume_of_name.find(std::string(first));
  if (volume == listed.volume_of_name.end()) return spot.path;
  return volume->second + spot.path.substr(first.size());
}

storage::Reader& Tree::reader(const Spot& spot) const {
  if (spot.place < places_->size()) return *(*places_)[spot.place].reader;
  return *(*mappings_)[spot.place - places_->size()].reader;
}

std::string Tree::shown_path(Spot spot) const {
  if (spot.place < places_->size()) return std::move(spot.path);
  return join((*mappings_)[spot.place - places_->size()].local, spot.path);
}

Spot Tree::spot_of(const model::File& file) const {
  if (file.target < places_->size()) return {file.target, file.path};
  return {file.target, std::string(below(file.path, (*mappings_)[file.target - places_->size()].local))};
}

std::string Tree::host_of(const Spot& spot) const {
  return spot.place < places_->size() ? (*places_)[spot.place].host : std::string{};
}

bool Tree::knows_a_volume() const {
  for (const Place& place : *places_) {
    for (const std::string& root : place.roots) {
      if (is_below(root, formats::vmware::volumes_root)) return true;
    }
  }
  return false;
}

// The first folder listed at that location, else where it would be listed. A volume that a host does not have is out of
// the scan, not missing.
std::optional<Spot> Tree::by_absolute(const std::string& host, const std::string& absolute) const {
  std::optional<Spot> unlisted;
  const std::string location = located(host, absolute);
  for (std::size_t place = 0; place < places_->size(); ++place) {
    if ((*places_)[place].target.error || (*places_)[place].is_only_asked) continue;
    for (const Anchor& anchor : listed_[place].anchors) {
      if (!is_below(location, anchor.location)) continue;
      Spot spot{place, join(anchor.path, below(location, anchor.location))};
      if (folder(place, parent_of(spot.path)) != nullptr) return spot;
      if (!unlisted && !is_of_unknown_volume(spot)) unlisted = std::move(spot);
    }
  }
  return unlisted;
}

bool Tree::is_of_unknown_volume(const Spot& spot) const {
  const Folder* root = folder(spot.place, "");
  return is_volumes_root((*places_)[spot.place]) && root != nullptr && !root->error &&
         root->find(first_component(spot.path)) == nullptr;
}

std::optional<Spot> Tree::by_mapping(std::size_t number, std::string_view rest) const {
  const Mapping& mapping = (*mappings_)[number];
  if (auto spot = by_absolute({}, join(mapping.local, rest))) return spot;
  return mapping.reader ? std::optional(Spot{places_->size() + number, std::string(rest)}) : std::nullopt;
}

// On a copy whose volume nobody knows.
std::vector<Spot> Tree::by_tail(std::string_view tail, ReferenceTo to) const {
  std::vector<Spot> found;
  if (knows_a_volume()) return found;
  for (std::size_t place = 0; place < places_->size(); ++place) {
    if ((*places_)[place].target.error) continue;
    Spot spot{place, std::string(tail)};
    const Entry* entry = look_up(spot).entry;
    const bool fits = entry != nullptr && (to == ReferenceTo::file || entry->type == EntryType::folder);
    if (fits) found.push_back(std::move(spot));
  }
  return found;
}

// Replaces links on the way by what they point to, as long as that stays inside the scan.
std::optional<Spot> Tree::follow_links(Spot spot) const {
  for (int followed = 0; followed < most_links; ++followed) {
    const Entry* link = nullptr;
    std::string at;
    for (std::size_t end = spot.path.find('/');; end = spot.path.find('/', end + 1)) {
      at = spot.path.substr(0, end);
      const bool is_volume_name = listed_[spot.place].volume_of_name.contains(at);
      const Lookup here = look_up({spot.place, at});
      if (here.entry != nullptr && here.entry->type == EntryType::link && !is_volume_name) link = here.entry;
      if (link != nullptr || end == std::string::npos) break;
    }
    if (link == nullptr) return spot;
    const std::string rest = spot.path.substr(at.size());
    if (link->link_target.starts_with('/')) {
      const auto target = by_absolute(host_of(spot), link->link_target + rest);
      if (!target) return std::nullopt;
      spot = *target;
    } else {
      const auto target = normalise(join(parent_of(at), link->link_target + rest));
      if (!target) return std::nullopt;
      spot.path = *target;
    }
  }
  return std::nullopt;
}

std::optional<Resolved> Tree::resolve_beside(const Spot& from, std::string_view written) const {
  if (written.find('/') != std::string_view::npos) return std::nullopt;
  const Folder* beside = folder(from.place, from.path);
  const Entry* entry = beside == nullptr ? nullptr : beside->find(written);
  if (entry == nullptr || entry->type != EntryType::file) return std::nullopt;
  return Resolved{{from.place, join(from.path, written)}, false, {entry, beside, {}}, false};
}

std::optional<Resolved> Tree::resolve(const Spot& from, std::string_view written) const {
  if (auto beside = resolve_beside(from, written)) return beside;
  return resolve_as(from, written, ReferenceTo::file);
}

std::optional<Resolved> Tree::resolve_folder(const Spot& from, std::string_view written) const {
  return resolve_as(from, written, ReferenceTo::folder);
}

std::optional<Resolved> Tree::resolve_as(const Spot& from, std::string_view written, ReferenceTo to) const {
  if (written.empty() || formats::vmware::is_absolute_elsewhere(written)) return std::nullopt;
  auto found = written.starts_with('/') ? resolve_absolute(from, written, to) : resolve_relative(from, written);
  if (!found) return std::nullopt;
  auto followed = follow_links(found->place);
  if (!followed) return std::nullopt;
  const bool is_passed_by = formats::vmware::lies_in_filer_folder(followed->path);
  if (is_passed_by && folder(followed->place, parent_of(followed->path)) == nullptr) return std::nullopt;
  const bool by_link = *followed != found->place;
  return Resolved{std::move(*followed), found->by_tail, {}, by_link};
}

std::optional<FoundReference<Spot>> Tree::resolve_relative(const Spot& from, std::string_view written) const {
  const bool has_root = from.place < places_->size() && !(*places_)[from.place].roots.empty();
  const std::string joined = join(from.path, written);
  if (const auto inside = normalise(joined)) {
    if (has_root && folder(from.place, parent_of(*inside)) == nullptr) {
      if (auto elsewhere = by_absolute(host_of(from), join((*places_)[from.place].roots.back(), *inside)))
        return FoundReference<Spot>{std::move(*elsewhere)};
    }
    return FoundReference<Spot>{{from.place, *inside}};
  }
  if (!has_root) return std::nullopt;
  const auto absolute = normalise(join((*places_)[from.place].roots.back(), joined).substr(1));
  auto outside = absolute ? by_absolute(host_of(from), "/" + *absolute) : std::nullopt;
  return outside ? std::optional(FoundReference<Spot>{std::move(*outside)}) : std::nullopt;
}

std::optional<FoundReference<Spot>> Tree::resolve_absolute(const Spot& from, std::string_view written,
                                                           ReferenceTo to) const {
  const auto normal = normalise(written.substr(1));
  if (!normal) return std::nullopt;
  const ReferenceLookup<Spot> lookup{
      .mapped = [this](std::size_t mapping, std::string_view rest) { return by_mapping(mapping, rest); },
      .itself = [this, &from](const std::string& absolute) { return by_absolute(host_of(from), absolute); },
      .below_roots = [this, to](std::string_view tail) { return by_tail(tail, to); }};
  return find_reference("/" + *normal, to, *mappings_, lookup);
}

Lookup Tree::look_up(const Spot& spot) const {
  const Folder* parent = folder(spot.place, parent_of(spot.path));
  if (parent == nullptr) return {};
  const Entry* entry = parent->find(file_name(spot.path));
  if (entry == nullptr && parent->error) return {nullptr, nullptr, parent->error};
  return {entry, parent, std::nullopt};
}

}  // namespace cbtctl::discovery
