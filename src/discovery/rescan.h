// Some folders of an earlier look, read again: what moves while machines run is told by a second reading of just that.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "discovery/place.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

// By place: paths of folders, relative to its root.
using Folders = std::vector<std::set<std::string>>;

// Folders in groups: those whose files name each other, or may by the tail of a path, lie in one. All that decides what
// is said of a file lies in the group of its folder, so that a reading of just that says of it what a reading of
// everything says.
class FolderGroups {
 public:
  explicit FolderGroups(const model::Datastore& datastore);
  // What a later look found to name what.
  void add(const model::Datastore& later);
  // Whole groups: of the folders of these files, whose `path` and `target` alone count.
  [[nodiscard]] Folders around(const std::vector<model::File>& files);

 private:
  using Group = std::size_t;
  [[nodiscard]] std::optional<Group> number_of(const model::File& file) const;
  void add_folder(model::Index target, std::string_view path);
  void join(const model::File& one, const model::File& other);
  void join(const model::File& from, const model::Reference& reference, const model::Datastore& datastore);
  void join_tails(Group folder, std::string_view written);
  [[nodiscard]] Group group_of(Group folder);

  std::size_t places_;
  std::map<std::pair<model::Index, std::string>, Group, std::less<>> folders_;
  std::vector<Group> same_;                            // by folder: another of its group, or itself
  std::multimap<std::string_view, Group> by_name_;     // "web01" of "prod/web01"
  std::set<std::string, std::less<>> joined_by_name_;  // whose folders are in one group already
};

// What lies in these folders now. What hosts and logs told is taken from the earlier look: hosts are asked nothing.
// A place that is lost on the way has its error.
[[nodiscard]] model::Datastore rescan(const model::Datastore& earlier, const Folders& folders,
                                      const std::vector<Place>& places, const std::vector<Mapping>& mappings);

}  // namespace cbtctl::discovery
