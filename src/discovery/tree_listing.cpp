// The first half of the tree: what is listed, and in which place. All places are listed together, wave by wave, so that
// hosts work at the same time. The folders of /vmfs/volumes of every host come first: they tell which volumes several
// hosts have, and each is walked below the first place that reaches it.
#include <algorithm>
#include <map>
#include <utility>

#include "discovery/tree.h"
#include "discovery/volumes.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::discovery {
namespace {

using formats::core::join;
using storage::Entry;
using storage::EntryType;

// Files of the volume's own bookkeeping; see reference/esxi-facts.md section 9.
bool is_walked(const Entry& entry) {
  return entry.type == EntryType::folder && entry.name != ".cbtctl" && !entry.name.ends_with(".sf");
}

Folder folder_of(std::string path, formats::core::Result<storage::Answer>& answer) {
  Folder folder{.path = std::move(path), .entries = {}, .error = {}};
  if (!answer) {
    folder.error = answer.error();
    return folder;
  }
  auto& listing = std::get<storage::Listing>(*answer);
  folder.entries = std::move(listing.entries);
  folder.error = std::move(listing.incomplete);
  return folder;
}

std::vector<storage::Glimpse> glimpses_of(formats::core::Result<storage::Answer>& answer) {
  if (!answer) return {};
  return std::move(std::get<storage::Listing>(*answer).glimpses);
}

}  // namespace

Tree::Tree(const std::vector<Place>& places, const std::vector<Mapping>& mappings)
    : places_(&places), mappings_(&mappings), listed_(places.size() + mappings.size()) {}

void Tree::list(const Visit& visit) {
  const std::vector<Place>& places = *places_;
  Waves waves(places.size());
  for (std::size_t place = 0; place < places.size(); ++place) {
    for (const std::string& root : places[place].roots) {
      listed_[place].anchors.push_back({location_of(places[place], root), {}});
    }
    if (!places[place].target.error && is_volumes_root(places[place])) waves[place] = {""};
  }
  list_wave(waves, false, visit);
  for (std::size_t place = 0; place < places.size(); ++place) {
    if (places[place].is_only_asked) waves[place].clear();
    if (places[place].target.error || places[place].is_only_asked) continue;
    const std::vector<std::string>& only = places[place].only_folders;
    if (is_volumes_root(places[place])) {
      if (!only.empty()) waves[place] = only;
    } else if (!is_walked_before(place, "") && (walks(place) || !is_held_before(place, ""))) {
      waves[place] = only.empty() ? std::vector<std::string>{""} : only;
    }
  }
  while (std::any_of(waves.begin(), waves.end(), [](const auto& wave) { return !wave.empty(); })) {
    list_wave(waves, true, visit);
  }
  for (std::size_t place = 0; place < places.size(); ++place) sort_folders(place);
}

// Lists the wave of each place, and puts the next in its place. Folders are entered in the order of the wave, however
// they come: the same datastore is always told in the same way.
void Tree::list_wave(Waves& waves, bool goes_on, const Visit& visit) {
  for (std::size_t place = 0; place < waves.size(); ++place) {
    if (!goes_on && (*places_)[place].volumes) continue;
    std::vector<storage::Submission> submissions;
    for (std::size_t i = 0; i < waves[place].size(); ++i) {
      submissions.push_back(
          {i, storage::ListRequest{read_path({place, waves[place][i]}), goes_on && walks(place), visit.glance}});
    }
    if (!submissions.empty()) (*places_)[place].reader->submit(std::move(submissions));
  }
  for (std::size_t place = 0; place < waves.size(); ++place) {
    if (waves[place].empty()) continue;
    storage::Reader& reader = *(*places_)[place].reader;
    std::vector<std::string> next;
    std::size_t due = 0;
    std::map<std::size_t, formats::core::Result<storage::Answer>> early;  // before their turn
    const auto take = [&](formats::core::Result<storage::Answer>& answer) {
      auto glimpses = glimpses_of(answer);
      const Folder* entered = enter(place, folder_of(std::move(waves[place][due]), answer), next);
      ++due;
      if (entered != nullptr) visit.folder({place, *entered, std::move(glimpses), waves[place].size() - due});
    };
    if (!goes_on && (*places_)[place].volumes) {
      formats::core::Result<storage::Answer> known = storage::Answer{*(*places_)[place].volumes};
      take(known);
    }
    for (auto replies = reader.collect(); !replies.empty(); replies = reader.collect()) {
      for (storage::Reply& reply : replies) {
        early.emplace(reply.tag, std::move(reply.answer));
        for (auto first = early.begin(); first != early.end() && first->first == due; first = early.erase(first)) {
          take(first->second);
        }
      }
    }
    waves[place] = std::move(next);
  }
}

bool Tree::walks(std::size_t place) const {
  const Place& where = (*places_)[place];
  return where.only_vmx.empty() && where.only_folders.empty() && !where.is_only_asked;
}

// A host's script decides by the same root (storage/ssh_script.h).
bool Tree::passes_by(std::size_t place, std::string_view folder) const {
  if (!formats::vmware::is_filer_folder(folder)) return false;
  const auto& roots = (*places_)[place].roots;
  return roots.empty() || !formats::vmware::lies_in_filer_folder(roots.back());
}

void Tree::sort_folders(std::size_t place) {
  Listed& listed = listed_[place];
  std::sort(listed.not_entered.begin(), listed.not_entered.end());
  const auto is_before = [](const Folder& a, const Folder& b) { return a.path < b.path; };
  if (std::is_sorted(listed.folders.begin(), listed.folders.end(), is_before)) return;  // no folders in folders
  std::sort(listed.folders.begin(), listed.folders.end(), is_before);
  for (std::size_t i = 0; i < listed.folders.size(); ++i) listed.by_path[listed.folders[i].path] = i;
}

const Folder* Tree::enter(std::size_t place, Folder folder, std::vector<std::string>& next) {
  if (folder.path.empty() && is_volumes_root((*places_)[place])) {
    enter_volumes(place, folder, next);
  } else if (walks(place)) {
    for (const Entry& entry : folder.entries) {
      if (!is_walked(entry)) continue;
      std::string path = join(folder.path, entry.name);
      if (is_walked_before(place, path)) continue;
      (passes_by(place, entry.name) ? listed_[place].not_entered : next).push_back(std::move(path));
    }
  }
  if (is_held_before(place, folder.path)) return nullptr;
  folder.first_number = std::exchange(entries_, entries_ + folder.entries.size());
  Listed& listed = listed_[place];
  listed.by_path.emplace(folder.path, listed.folders.size());
  return &listed.folders.emplace_back(std::move(folder));
}

// A volume's name is a link to its UUID folder beside it: visited under the name, and under the first of two that are
// one.
void Tree::enter_volumes(std::size_t place, const Folder& root, std::vector<std::string>& next) {
  Listed& listed = listed_[place];
  std::vector<std::string> volumes;
  for (const Entry& entry : root.entries) {
    if (entry.type != EntryType::link) continue;
    const std::string volume(formats::vmware::volume_of_link(entry.link_target));
    const Entry* folder = root.find(volume);
    if (folder == nullptr || folder->type != EntryType::folder || listed.name_of_volume.contains(volume)) continue;
    listed.volume_of_name.emplace(entry.name, volume);
    listed.name_of_volume.emplace(volume, entry.name);
    volumes.push_back(entry.name);
  }
  for (const Entry& entry : root.entries) {
    if (is_walked(entry) && !listed.name_of_volume.contains(entry.name)) volumes.push_back(entry.name);
  }
  for (std::string& volume : volumes) {
    Anchor anchor{location_at({place, volume}), volume};
    const bool is_known = std::any_of(listed.anchors.begin(), listed.anchors.end(),
                                      [&](const Anchor& other) { return other.location == anchor.location; });
    listed.anchors.push_back(std::move(anchor));
    if (!is_known && !is_walked_before(place, volume)) next.push_back(std::move(volume));
  }
}

std::vector<model::VolumeSpan> Tree::volumes(std::size_t place) const {
  std::vector<model::VolumeSpan> volumes;
  for (const Anchor& anchor : listed_[place].anchors) {
    const auto on_volume = formats::vmware::parse_volume_path(anchor.location);
    if (on_volume && is_volume_identity(on_volume->volume)) volumes.push_back({anchor.path, anchor.location});
  }
  return volumes;
}

std::string Tree::location_at(const Spot& spot) const {
  const Place& place = (*places_)[spot.place];
  return location_of(place, join(place.roots.back(), read_path(spot)));
}

// What a file of the host calls by a volume's name is called by its identity.
std::string Tree::located(const std::string& host, const std::string& absolute) const {
  const auto on_volume = formats::vmware::parse_volume_path(absolute);
  const Place* on_host = nullptr;
  for (std::size_t place = 0; place < places_->size(); ++place) {
    if ((*places_)[place].host != host) continue;
    on_host = &(*places_)[place];
    if (!on_volume) break;
    const auto volume = listed_[place].volume_of_name.find(std::string(on_volume->volume));
    if (volume == listed_[place].volume_of_name.end()) continue;
    return location_of(*on_host, formats::vmware::volume_path(volume->second, on_volume->path));
  }
  return on_host == nullptr ? location_of(host, absolute) : location_of(*on_host, absolute);
}

// Whether an earlier place lists what lies at `path` and below.
bool Tree::is_walked_before(std::size_t place, const std::string& path) const {
  if (place == 0 || (*places_)[place].roots.empty()) return false;
  const std::string location = location_at({place, path});
  for (std::size_t other = 0; other < place; ++other) {
    if (walks(other) && reaches(other, location)) return true;
  }
  return false;
}

// Whether the folder at `path` is that of an earlier target that is one .vmx, and so listed there already.
bool Tree::is_held_before(std::size_t place, const std::string& path) const {
  const auto is_one_file = [](const Place& other) { return !other.target.error && !other.only_vmx.empty(); };
  if (std::none_of(places_->begin(), places_->begin() + static_cast<std::ptrdiff_t>(place), is_one_file)) return false;
  const std::string location = location_at({place, path});
  for (std::size_t other = 0; other < place; ++other) {
    const auto& anchors = listed_[other].anchors;
    const auto is_here = [&](const Anchor& anchor) { return anchor.location == location; };
    if (is_one_file((*places_)[other]) && std::any_of(anchors.begin(), anchors.end(), is_here)) return true;
  }
  return false;
}

// A folder as a target has all below it, a .vmx itself alone.
bool Tree::reaches(std::size_t place, const std::string& location) const {
  const Place& where = (*places_)[place];
  return where.only_folders.empty() && !where.is_only_asked && may_ask(place, location);
}

bool Tree::may_ask(std::size_t place, const std::string& location) const {
  const Place& where = (*places_)[place];
  if (where.target.error) return false;
  const auto& anchors = listed_[place].anchors;
  return std::any_of(anchors.begin(), anchors.end(), [&](const Anchor& anchor) {
    return where.only_vmx.empty() ? is_below(location, anchor.location)
                                  : location == join(anchor.location, where.only_vmx);
  });
}

bool Tree::is_targeted(const Spot& spot) const {
  if ((*places_)[spot.place].only_vmx.empty()) return true;
  const std::string location = location_at(spot);
  for (std::size_t place = 0; place < places_->size(); ++place) {
    if (reaches(place, location)) return true;
  }
  return false;
}

std::vector<std::size_t> Tree::seen_by(std::size_t place, std::string_view path) const {
  std::vector<std::size_t> seen;
  const bool has_roots = !(*places_)[place].roots.empty();
  const std::string location = has_roots ? location_at({place, std::string(path)}) : std::string{};
  for (std::size_t other = 0; other < places_->size(); ++other) {
    if (other == place || (has_roots && reaches(other, location))) seen.push_back(other);
  }
  return seen;
}

std::vector<Spot> Tree::other_ways(const Spot& spot) const {
  std::vector<Spot> ways;
  if (spot.place >= places_->size() || (*places_)[spot.place].roots.empty()) return ways;
  const std::string location = location_at(spot);
  for (std::size_t other = 0; other < places_->size(); ++other) {
    if (other == spot.place || !may_ask(other, location)) continue;
    const auto& anchors = listed_[other].anchors;
    const auto anchor = std::find_if(anchors.begin(), anchors.end(),
                                     [&](const Anchor& each) { return is_below(location, each.location); });
    if (anchor != anchors.end()) ways.push_back({other, join(anchor->path, below(location, anchor->location))});
  }
  return ways;
}

void Tree::list_mapped(std::size_t mapping, const std::string& path) const {
  Listed& listed = listed_[places_->size() + mapping];
  storage::Reader* reader = (*mappings_)[mapping].reader.get();
  if (reader == nullptr || listed.by_path.contains(path)) return;
  reader->submit({{0, storage::ListRequest{path}}});
  Folder folder;
  for (storage::Reply& reply : reader->collect()) folder = folder_of(path, reply.answer);
  listed.by_path.emplace(path, listed.folders.size());
  folder.first_number = std::exchange(entries_, entries_ + folder.entries.size());
  listed.folders.push_back(std::move(folder));
}

}  // namespace cbtctl::discovery
