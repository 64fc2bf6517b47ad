// A fresh look at the folders of one machine's plan.
#pragma once

#include <vector>

#include "discovery/place.h"
#include "repair/proof.h"

namespace cbtctl::cli {

// `known`: places that are open already; a root of the plan that is none of them is opened on this machine.
[[nodiscard]] repair::Look look_through(std::vector<discovery::Place> known,
                                        std::vector<discovery::Mapping> mappings = {});

// The same at everything below the roots, which also shows who else uses a disk; each root is looked at once.
[[nodiscard]] repair::Look look_everywhere(std::vector<discovery::Place> known,
                                           std::vector<discovery::Mapping> mappings = {});

}  // namespace cbtctl::cli
