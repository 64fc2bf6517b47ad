// A sample of what two views show is compared: names, and of files what stays as it is while a machine runs. What is
// under two names is one where each file of the sample is the same inode, of the same size and times, that of the last
// change of status too, which no program can set and a copy does not have. What is under one name is one unless the
// samples differ; a copy of the whole volume has the inodes and times of the original. Files come and go between two
// questions, so samples that differ are taken again.
//
// Whatever cannot be compared stays what its name says. Inodes that a host does not tell are no proof: what they would
// decide stays two, and is told.
#include "discovery/same_place.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "discovery/sample.h"
#include "discovery/volumes.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"
#include "log/log.h"

namespace cbtctl::discovery {
namespace {

using formats::core::join;
using storage::Entry;
using storage::EntryType;

constexpr int looks = 3;

// A place's root, or a volume.
struct View {
  Side side;
  std::string folder;    // absolute on its host, without links
  std::string location;  // as its names tell it
  std::optional<Alias> alias;
};

struct Pair {
  std::size_t earlier = 0;  // of the views
  std::size_t later = 0;
  bool has_one_name = false;
  Side a;
  Side b;
  Likeness likeness = Likeness::alike;
};

bool may_be_compared(const Place& place) {
  return !place.target.error && place.reader && !place.roots.empty() && place.only_folders.empty();
}

// Names of volumes that hold no hosts' own: what ESXi makes of an NFS server and its share, as it was called.
bool is_called_by_share(const View& view) {
  const auto volume = formats::vmware::parse_volume_path(view.folder);
  return !volume || !is_volume_identity(volume->volume) || volume->volume.size() == 17;
}

bool is_nested(std::string_view a, std::string_view b) { return is_below(a, b) || is_below(b, a); }

class Matching {
 public:
  explicit Matching(std::vector<Place>& places) : places_(&places) {
    list_volumes();
    find_views();
    find_pairs();
  }

  void settle() {
    drop_with_other_tops();
    compare_all();
    for (std::size_t later = 1; later < views_.size(); ++later) settle(later);
  }

 private:
  // A single folder cannot be two, nor can it be one with another.
  [[nodiscard]] bool is_any_question() const {
    const auto count = std::count_if(places_->begin(), places_->end(), may_be_compared);
    return count > 1 || std::any_of(places_->begin(), places_->end(), [](const Place& place) {
             return may_be_compared(place) && is_volumes_root(place);
           });
  }

  void list_volumes() {
    std::vector<Question> questions;
    for (std::size_t i = 0; i < places_->size() && is_any_question(); ++i) {
      const Place& place = (*places_)[i];
      if (may_be_compared(place) && is_volumes_root(place)) questions.push_back({i, storage::ListRequest{}});
    }
    auto answers = ask_all(*places_, questions);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i]) (*places_)[questions[i].place].volumes = std::get<storage::Listing>(std::move(*answers[i]));
    }
  }

  void find_views() {
    for (std::size_t i = 0; i < places_->size(); ++i) {
      const Place& place = (*places_)[i];
      if (!may_be_compared(place)) continue;
      if (!is_volumes_root(place)) {
        add_view({i, {}}, place.roots.back());
      } else if (place.volumes) {
        for (const Entry& entry : place.volumes->entries) {
          if (entry.type == EntryType::folder && is_volume_identity(entry.name))
            add_view({i, entry.name}, join(place.roots.back(), entry.name));
        }
      }
    }
  }

  void add_view(Side side, std::string folder) {
    std::string location = location_of((*places_)[side.place].host, folder);
    views_.push_back({.side = std::move(side), .folder = std::move(folder), .location = std::move(location)});
  }

  [[nodiscard]] const Place& place_of(const View& view) const { return (*places_)[view.side.place]; }

  void find_pairs() {
    for (std::size_t later = 1; later < views_.size(); ++later) {
      for (std::size_t earlier = 0; earlier < later; ++earlier) add_pair(earlier, later);
    }
  }

  void add_pair(std::size_t earlier, std::size_t later) {
    const View& a = views_[earlier];
    const View& b = views_[later];
    const bool is_one_host = place_of(a).host == place_of(b).host;
    if (is_nested(a.location, b.location)) {
      const bool is_vsan = a.location.find("/vsan:") != std::string::npos;
      if (is_one_host || is_vsan) return;
      const std::string deeper = std::max(a.location, b.location);
      pairs_.push_back({earlier, later, true, inside(a, deeper), inside(b, deeper)});
    } else if (is_called_by_share(a) && is_called_by_share(b) && place_of(a).only_vmx.empty() &&
               place_of(b).only_vmx.empty() && !(is_one_host && is_nested(a.folder, b.folder))) {
      pairs_.push_back({earlier, later, false, a.side, b.side});
    }
  }

  static Side inside(const View& view, const std::string& deeper) {
    return {view.side.place, join(view.side.path, below(deeper, view.location))};
  }

  static std::set<Side> sides_of(const std::vector<Pair*>& pairs) {
    std::set<Side> sides;
    for (const Pair* pair : pairs) sides.insert({pair->a, pair->b});
    return sides;
  }

  // Names are cheap, and nearly all that is called otherwise shows other names.
  void drop_with_other_tops() {
    std::vector<Pair*> unlike;
    for (Pair& pair : pairs_) {
      if (!pair.has_one_name) unlike.push_back(&pair);
    }
    if (unlike.empty()) return;
    const auto tops = sample_tops(*places_, sides_of(unlike));
    std::erase_if(pairs_, [&](const Pair& pair) {
      if (pair.has_one_name) return false;
      const Sample& a = tops.at(pair.a);
      const Sample& b = tops.at(pair.b);
      const auto is_same_name = [](const auto& x, const auto& y) { return x.first == y.first; };
      return a.empty() || a.contains("") || !std::equal(a.begin(), a.end(), b.begin(), b.end(), is_same_name);
    });
  }

  void compare_all() {
    std::vector<Pair*> open;
    for (Pair& pair : pairs_) open.push_back(&pair);
    for (int look = 0; look < looks && !open.empty(); ++look) {
      const auto samples = sample_all(*places_, sides_of(open));
      for (Pair* pair : open) pair->likeness = compare(samples.at(pair->a), samples.at(pair->b));
      std::erase_if(open, [](const Pair* pair) { return pair->likeness != Likeness::different; });
    }
  }

  // Views that come before have their aliases.
  void settle(std::size_t later) {
    View& view = views_[later];
    bool is_copy = false;
    for (const Pair& pair : pairs_) {
      if (pair.later != later) continue;
      const View& first = views_[pair.earlier];
      if (pair.has_one_name && pair.likeness != Likeness::different) return give(view, first.alias);
      if (!pair.has_one_name && pair.likeness == Likeness::one) return give(view, Alias{view.folder, known_as(first)});
      if (!pair.has_one_name && pair.likeness == Likeness::inodes_unknown) tell_unknown(first, view);
      is_copy = is_copy || pair.has_one_name;
    }
    if (is_copy) give(view, own_alias(view));
  }

  [[nodiscard]] static std::string known_as(const View& view) {
    return view.alias ? view.alias->location + view.folder.substr(view.alias->folder.size()) : view.location;
  }

  // Of the whole volume: what leads to another part of it leads there on the same host.
  [[nodiscard]] Alias own_alias(const View& view) const {
    const std::string& host = place_of(view).host;
    const auto on_volume = formats::vmware::parse_volume_path(view.folder);
    std::string folder = on_volume ? formats::vmware::volume_path(on_volume->volume, {}) : view.folder;
    std::string location = (host.empty() ? "this machine" : host) + folder;
    return {std::move(folder), std::move(location)};
  }

  void give(View& view, const std::optional<Alias>& alias) {
    view.alias = alias;
    if (!alias) return;
    const std::string host = place_of(view).host;
    for (Place& place : *places_) {
      if (place.host == host) place.aliases.push_back(*alias);
    }
    Place& own = (*places_)[view.side.place];
    if (is_volumes_root(own) || alias->folder != own.roots.back()) return;
    if (own.roots.front() != own.roots.back()) own.aliases.push_back({own.roots.front(), alias->location});
  }

  void tell_unknown(const View& first, const View& view) const {
    const auto name = [this](const View& each) { return place_of(each).target.location + ": " + each.folder; };
    log::warning(name(view) + " shows the same files as " + name(first) +
                 "; whether they are one cannot be told, since a host that is read by SFTP tells no inodes");
  }

  std::vector<Place>* places_;
  std::vector<View> views_;
  std::vector<Pair> pairs_;
};

}  // namespace

void match_places(std::vector<Place>& places) { Matching(places).settle(); }

}  // namespace cbtctl::discovery
