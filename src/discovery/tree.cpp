#include "discovery/tree.h"

#include <algorithm>
#include <utility>

#include "storage/path.h"

namespace cbtctl::discovery {
namespace {

using storage::Entry;
using storage::EntryType;

constexpr std::string_view volumes_root = "/vmfs/volumes";
constexpr int most_links = 8;  // more than any real datastore has in a row

bool is_below(std::string_view path, std::string_view root) {
  return path == root || (path.size() > root.size() && path.starts_with(root) && path[root.size()] == '/') ||
         root.empty();
}

std::string_view below(std::string_view path, std::string_view root) {
  return path.size() <= root.size() ? std::string_view{} : path.substr(root.size() + 1);
}

std::string_view first_component(std::string_view path) { return path.substr(0, path.find('/')); }

// Files of the volume's own bookkeeping; see reference/esxi-facts.md section 9.
bool is_walked(const Entry& entry) {
  return entry.type == EntryType::folder && entry.name != ".cbtctl" && !entry.name.ends_with(".sf");
}

bool is_volumes_root(const Place& place) {
  return std::find(place.roots.begin(), place.roots.end(), volumes_root) != place.roots.end();
}

}  // namespace

const Entry* Folder::find(std::string_view name) const {
  const auto found = std::lower_bound(entries.begin(), entries.end(), name,
                                      [](const Entry& entry, std::string_view wanted) { return entry.name < wanted; });
  return found != entries.end() && found->name == name ? &*found : nullptr;
}

Tree Tree::list(const std::vector<Place>& places, const std::vector<Mapping>& mappings) {
  Tree tree;
  tree.places_ = &places;
  tree.mappings_ = &mappings;
  tree.listed_.resize(places.size() + mappings.size());
  for (std::size_t place = 0; place < places.size(); ++place) {
    if (!places[place].target.error) tree.list_place(place);
  }
  return tree;
}

// The place, other than `except`, in whose folder `absolute` lies and that comes first or is an earlier root inside.
std::optional<std::size_t> Tree::owner_of(const std::string& absolute, std::size_t except) const {
  for (std::size_t other = 0; other < except; ++other) {
    if ((*places_)[other].target.error || !(*places_)[other].only_vmx.empty()) continue;
    for (const std::string& root : (*places_)[other].roots) {
      if (absolute == root || is_below(absolute, root)) return other;
    }
  }
  return std::nullopt;
}

void Tree::list_place(std::size_t place) {
  const Place& where = (*places_)[place];
  if (where.only_vmx.empty() && !where.roots.empty() && owner_of(where.roots.back(), place)) return;
  const bool walks = where.only_folders.empty();
  std::vector<std::string> wave = walks || is_volumes_root(where) ? std::vector<std::string>{""} : where.only_folders;
  for (bool first = true; !wave.empty(); first = false) {
    std::vector<storage::Submission> submissions;
    for (std::size_t i = 0; i < wave.size(); ++i) {
      submissions.push_back({i, storage::ListRequest{read_path({place, wave[i]})}});
    }
    where.reader->submit(std::move(submissions));
    std::vector<std::string> next;
    for (auto replies = where.reader->collect(); !replies.empty(); replies = where.reader->collect()) {
      for (storage::Reply& reply : replies) {
        Folder folder{.path = std::move(wave[reply.tag]), .entries = {}, .error = {}};
        if (reply.answer) {
          folder.entries = std::move(std::get<storage::Listing>(*reply.answer).entries);
        } else {
          folder.error = reply.answer.error();
        }
        enter(place, std::move(folder), next);
      }
    }
    if (!walks) next = first && is_volumes_root(where) ? where.only_folders : std::vector<std::string>{};
    wave = std::move(next);
  }
  Listed& listed = listed_[place];
  std::sort(listed.folders.begin(), listed.folders.end(),
            [](const Folder& a, const Folder& b) { return a.path < b.path; });
  listed.by_path.reserve(listed.folders.size());
  for (std::size_t i = 0; i < listed.folders.size(); ++i) {
    listed.by_path.emplace(listed.folders[i].path, i);
    listed.folders[i].first_number = std::exchange(entries_, entries_ + listed.folders[i].entries.size());
  }
}

void Tree::enter(std::size_t place, Folder folder, std::vector<std::string>& next) {
  std::sort(folder.entries.begin(), folder.entries.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  const Place& where = (*places_)[place];
  if (folder.path.empty() && is_volumes_root(where)) {
    enter_volumes(place, folder, next);
  } else if (where.only_vmx.empty()) {
    for (const Entry& entry : folder.entries) {
      if (!is_walked(entry)) continue;
      std::string path = storage::join(folder.path, entry.name);
      const bool elsewhere =
          place != 0 && !where.roots.empty() && owner_of(storage::join(where.roots.back(), path), place).has_value();
      if (!elsewhere) next.push_back(std::move(path));
    }
  }
  listed_[place].folders.push_back(std::move(folder));
}

// A volume's name is a link to its UUID folder beside it: visited under the name.
void Tree::enter_volumes(std::size_t place, const Folder& root, std::vector<std::string>& next) {
  Listed& listed = listed_[place];
  for (const Entry& entry : root.entries) {
    if (entry.type != EntryType::link) continue;
    std::string volume = entry.link_target;
    if (volume.starts_with(std::string(volumes_root) + "/")) volume.erase(0, volumes_root.size() + 1);
    const Entry* folder = root.find(volume);
    if (folder == nullptr || folder->type != EntryType::folder || listed.name_of_volume.contains(volume)) continue;
    listed.volume_of_name.emplace(entry.name, volume);
    listed.name_of_volume.emplace(volume, entry.name);
    next.push_back(entry.name);
  }
  for (const Entry& entry : root.entries) {
    if (is_walked(entry) && !listed.name_of_volume.contains(entry.name)) next.push_back(entry.name);
  }
}

const Folder* Tree::folder(std::size_t place, std::string_view path) const {
  if (place >= places_->size()) list_mapped(place - places_->size(), std::string(path));
  const Listed& listed = listed_[place];
  const auto found = listed.by_path.find(path);
  return found == listed.by_path.end() ? nullptr : &listed.folders[found->second];
}

void Tree::list_mapped(std::size_t mapping, const std::string& path) const {
  Listed& listed = listed_[places_->size() + mapping];
  storage::Reader* reader = (*mappings_)[mapping].reader.get();
  if (reader == nullptr || listed.by_path.contains(path)) return;
  reader->submit({{0, storage::ListRequest{path}}});
  Folder folder{.path = path, .entries = {}, .error = {}};
  for (storage::Reply& reply : reader->collect()) {
    if (!reply.answer) {
      folder.error = reply.answer.error();
      continue;
    }
    folder.entries = std::move(std::get<storage::Listing>(*reply.answer).entries);
    std::sort(folder.entries.begin(), folder.entries.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
  }
  listed.by_path.emplace(path, listed.folders.size());
  folder.first_number = std::exchange(entries_, entries_ + folder.entries.size());
  listed.folders.push_back(std::move(folder));
}

std::vector<std::size_t> Tree::seen_by(std::size_t place, std::string_view path) const {
  std::vector<std::size_t> seen;
  const std::vector<std::string>& roots = (*places_)[place].roots;
  for (std::size_t other = 0; other < places_->size(); ++other) {
    const Place& candidate = (*places_)[other];
    const bool reaches =
        other == place || (!roots.empty() && !candidate.target.error && candidate.only_vmx.empty() &&
                           std::any_of(candidate.roots.begin(), candidate.roots.end(), [&](const std::string& root) {
                             return is_below(storage::join(roots.back(), path), root);
                           }));
    if (reaches) seen.push_back(other);
  }
  return seen;
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

std::string Tree::shown_path(const Spot& spot) const {
  if (spot.place < places_->size()) return spot.path;
  return storage::join((*mappings_)[spot.place - places_->size()].local, spot.path);
}

bool Tree::knows_a_volume() const {
  for (const Place& place : *places_) {
    for (const std::string& root : place.roots) {
      if (is_below(root, volumes_root)) return true;
    }
  }
  return false;
}

std::optional<Spot> Tree::by_absolute(const std::string& absolute) const {
  for (std::size_t place = 0; place < places_->size(); ++place) {
    if ((*places_)[place].target.error) continue;
    for (const std::string& root : (*places_)[place].roots) {
      if (!is_below(absolute, root)) continue;
      Spot spot{place, std::string(below(absolute, root))};
      const std::string first(first_component(spot.path));
      const auto name = listed_[place].name_of_volume.find(first);
      if (name != listed_[place].name_of_volume.end()) spot.path.replace(0, first.size(), name->second);
      // A folder that another, earlier place owns is listed there alone.
      if (folder(place, storage::parent_of(spot.path)) != nullptr) return spot;
    }
  }
  for (std::size_t place = 0; place < places_->size(); ++place) {
    for (const std::string& root : (*places_)[place].roots) {
      if (is_below(absolute, root)) return Spot{place, std::string(below(absolute, root))};
    }
  }
  return std::nullopt;
}

std::optional<Spot> Tree::by_mapping(const std::string& absolute) const {
  for (std::size_t i = 0; i < mappings_->size(); ++i) {
    const Mapping& mapping = (*mappings_)[i];
    if (!is_below(absolute, mapping.remote)) continue;
    const std::string rest(below(absolute, mapping.remote));
    if (auto spot = by_absolute(storage::join(mapping.local, rest))) return spot;
    if (mapping.reader) return Spot{places_->size() + i, rest};
  }
  return std::nullopt;
}

// "/vmfs/volumes/NAME/dir/x.vmdk" on a copy whose volume nobody knows: the longest tail of at least folder and file
// that exists decides, and only if it exists once.
std::optional<Spot> Tree::by_tail(const std::string& absolute) const {
  for (std::string_view tail = std::string_view(absolute).substr(1); tail.find('/') != std::string_view::npos;
       tail = tail.substr(tail.find('/') + 1)) {
    std::vector<Spot> found;
    for (std::size_t place = 0; place < places_->size(); ++place) {
      if ((*places_)[place].target.error) continue;
      Spot spot{place, std::string(tail)};
      if (look_up(spot).entry != nullptr) found.push_back(std::move(spot));
    }
    if (found.size() == 1) return found.front();
    if (found.size() > 1) return std::nullopt;
  }
  return std::nullopt;
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
      const auto target = by_absolute(link->link_target + rest);
      if (!target) return std::nullopt;
      spot = *target;
    } else {
      const auto target = storage::normalise(storage::join(storage::parent_of(at), link->link_target + rest));
      if (!target) return std::nullopt;
      spot.path = *target;
    }
  }
  return std::nullopt;
}

std::optional<Resolved> Tree::resolve(const Spot& from, std::string_view written) const {
  if (written.empty()) return std::nullopt;
  if (written.find('/') == std::string_view::npos) {  // nearly all: a file beside it
    const Folder* beside = folder(from.place, from.path);
    const Entry* entry = beside == nullptr ? nullptr : beside->find(written);
    if (entry != nullptr && entry->type == EntryType::file) {
      return Resolved{{from.place, storage::join(from.path, written)}, false, {entry, beside, {}}};
    }
  }
  std::optional<Spot> spot;
  bool tail = false;
  if (!written.starts_with('/')) {
    const std::string joined = storage::join(from.path, written);
    if (const auto inside = storage::normalise(joined)) {
      spot = Spot{from.place, *inside};
      if (folder(from.place, storage::parent_of(*inside)) == nullptr && from.place < places_->size() &&
          !(*places_)[from.place].roots.empty()) {
        const auto elsewhere = by_absolute(storage::join((*places_)[from.place].roots.back(), *inside));
        if (elsewhere) spot = elsewhere;
      }
    } else if (from.place < places_->size() && !(*places_)[from.place].roots.empty()) {
      const auto absolute = storage::normalise(storage::join((*places_)[from.place].roots.back(), joined).substr(1));
      if (absolute) spot = by_absolute("/" + *absolute);
    }
  } else if (const auto normal = storage::normalise(std::string(written.substr(1)))) {
    const std::string absolute = "/" + *normal;
    spot = by_mapping(absolute);
    if (!spot) spot = by_absolute(absolute);
    if (!spot && !knows_a_volume()) {
      spot = by_tail(absolute);
      tail = spot.has_value();
    }
  }
  if (!spot) return std::nullopt;
  auto followed = follow_links(std::move(*spot));
  if (!followed) return std::nullopt;
  return Resolved{std::move(*followed), tail, {}};
}

Lookup Tree::look_up(const Spot& spot) const {
  const Folder* parent = folder(spot.place, storage::parent_of(spot.path));
  if (parent == nullptr) return {};
  if (parent->error) return {nullptr, nullptr, parent->error};
  const std::string_view name = storage::file_name(spot.path);
  return {parent->find(name), parent, std::nullopt};
}

}  // namespace cbtctl::discovery
