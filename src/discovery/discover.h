// From places to a model: lists them, fetches every small file and header in bulk, parses, and links what refers to
// each other. Nothing found is dropped: what could not be read is a member with its error.
#pragma once

#include <vector>

#include "discovery/place.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

// `with_logs`: also which ESXi builds the logs of tracked machines witness.
[[nodiscard]] model::Datastore discover(const std::vector<Place>& places, const std::vector<Mapping>& mappings,
                                        bool with_logs = false);

}  // namespace cbtctl::discovery
