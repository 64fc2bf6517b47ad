// Whether a chain gives the very bytes of its disk: the last word for every verb that is asked for bytes or extents.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "disk/chain.h"

namespace cbtctl::disk {

struct ExactOptions {
  Scrutiny scrutiny = Scrutiny::tables;
  bool allow_mismatch = false;  // links that do not fit their parents
};

// The first of what `check --deep` calls an error on the way to the data, in its words: descriptors and headers that
// contradict themselves, each other or their files, tables and grains at wrong places, links that differ from their
// parents in capacity or do not have their CIDs. nullopt if there is none. Of what is missing or cannot be read the map
// tells, range by range.
[[nodiscard]] std::optional<formats::core::Error> why_not_exact(const Chain& chain, const ExactOptions& options);

// What --allow-mismatch allows: each link that differs from its parent in capacity, or does not have its CID.
[[nodiscard]] std::vector<std::string> mismatches_of(const Chain& chain);

// Why the child was not made on this very state of its parent; nullopt if it was.
[[nodiscard]] std::optional<std::string> why_not_of_parent(const Link& child, const Link& parent);

}  // namespace cbtctl::disk
