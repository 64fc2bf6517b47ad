// The same look for a verb that changes files: proof that a machine is off needs more than a report does.
#pragma once

#include <functional>
#include <vector>

#include "discovery/place.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

// By machine.
using WillChange = std::function<std::vector<bool>(const model::Datastore& datastore)>;

// As `discover` does, and of the machines that shall be changed hosts are asked whatever they know of power, locks and
// tasks, also where the files settle it.
[[nodiscard]] model::Datastore discover_for_change(const std::vector<Place>& places,
                                                   const std::vector<Mapping>& mappings, const WillChange& will_change);

}  // namespace cbtctl::discovery
