// Some folders of an earlier look, read again: what moves while machines run is told by a second reading of just that.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "discovery/place.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

// By place: paths of folders, relative to its root.
using Folders = std::vector<std::set<std::string>>;

// The folders of these machines and of their disks, and of whatever names a file of theirs: all that decides what is
// said of them.
[[nodiscard]] Folders folders_of(const model::Datastore& datastore, const std::vector<model::Index>& machines);

// What lies in these folders now. What hosts and logs told is taken from the earlier look: hosts are asked nothing.
// A place that is lost on the way has its error.
[[nodiscard]] model::Datastore rescan(const model::Datastore& earlier, const Folders& folders,
                                      const std::vector<Place>& places, const std::vector<Mapping>& mappings);

}  // namespace cbtctl::discovery
