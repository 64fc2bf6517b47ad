// What lies under two names, such as an NFS export that is mounted twice, and what lies under one, such as an array's
// copy of a volume, which has the UUID of the original.
#pragma once

#include <vector>

#include "discovery/place.h"

namespace cbtctl::discovery {

// Compares the roots of places, and the volumes below /vmfs/volumes, where two could be one or one could be two, and
// gives their hosts the aliases with which each file is told once, and each of two. Asks nothing where nothing is in
// question.
void match_places(std::vector<Place>& places);

}  // namespace cbtctl::discovery
