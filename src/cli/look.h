// A fresh look at the folders of one machine's plan.
#pragma once

#include <vector>

#include "discovery/place.h"
#include "repair/proof.h"

namespace cbtctl::cli {

// `known`: the places that the plan's roots name; hosts are asked whatever they know of its machine.
[[nodiscard]] repair::Look look_through(std::vector<discovery::Place> known,
                                        std::vector<discovery::Mapping> mappings = {});

// The same at everything below the roots, which also shows who else uses a disk; each root is looked at once, and hosts
// are asked no more than a scan asks.
[[nodiscard]] repair::Look look_everywhere(std::vector<discovery::Place> known,
                                           std::vector<discovery::Mapping> mappings = {});

// For what goes back: the folders of whoever else holds what comes back, by one look at everything below the roots,
// too.
[[nodiscard]] repair::Look look_back_through(std::vector<discovery::Place> known,
                                             std::vector<discovery::Mapping> mappings = {});

}  // namespace cbtctl::cli
