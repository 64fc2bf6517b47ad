// Whether a chain gives the very bytes of its disk: the last word for every verb that is asked for bytes or extents.
#pragma once

#include <optional>

#include "disk/chain.h"

namespace cbtctl::disk {

struct ExactOptions {
  Scrutiny scrutiny = Scrutiny::tables;
  bool allow_mismatch = false;  // links of different capacity
};

// The first of what `check --deep` calls an error on the way to the data, in its words: descriptors and headers that
// contradict themselves, each other or their files, tables and grains at wrong places, links of different capacity.
// nullopt if there is none. Of what is missing or cannot be read the map tells, range by range.
[[nodiscard]] std::optional<formats::core::Error> why_not_exact(const Chain& chain, const ExactOptions& options);

}  // namespace cbtctl::disk
