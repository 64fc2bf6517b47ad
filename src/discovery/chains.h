// From an active disk down to its base, and which links are own (ownership.h).
#pragma once

#include "discovery/loader.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

// Fills every disk's chain below its first link. Needs the loader's references.
void build_chains(const Loader& loader, model::Datastore& datastore);

}  // namespace cbtctl::discovery
