// From places to a model: lists them, fetches every small file and header in bulk, parses, and links what refers to
// each other. Nothing found is dropped: what could not be read is a member with its error.
#pragma once

#include <vector>

#include "discovery/place.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

[[nodiscard]] model::Datastore discover(const std::vector<Place>& places, const std::vector<Mapping>& mappings);

}  // namespace cbtctl::discovery
