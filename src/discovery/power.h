// Whether a virtual machine runs, by its files alone; reference/esxi-facts.md section 3.
#pragma once

#include <string_view>

#include "discovery/tree.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

// Proof of being off, not absence of proof of being on: `off` needs cleanShutdown TRUE (or a machine that never ran),
// no lock file, no swap file and no suspended state. A crashed host leaves the signs of a running machine, so these
// alone are evidence and no proof either way.
[[nodiscard]] model::Power power_from_files(const formats::vmx::Configuration& settings, const Tree& tree,
                                            const Spot& configuration);

}  // namespace cbtctl::discovery
