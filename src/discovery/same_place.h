// Two folders that are one and the same, such as an NFS export that is mounted under two names.
#pragma once

#include <vector>

#include "discovery/place.h"

namespace cbtctl::discovery {

// Of places on this machine a later one that shows the files of an earlier gets its root too, so that each file is
// told once, under the first. Costs nothing where there is only one.
void unite_same_places(std::vector<Place>& places);

}  // namespace cbtctl::discovery
