// Whether the table of a CTK file tells every write. What was written since the last event (a snapshot, a clean stop)
// stands in the kernel's bitmap alone while the machine runs, and is lost where it stops uncleanly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/power.h"

namespace cbtctl::model {

struct Completeness {
  std::optional<bool> complete;  // nothing: it cannot be told
  std::string reason = {};       // where it is not known to be complete
  bool may_run = false;          // that is why it is not
};

// By the machine that the file belongs to (nothing: none is known), and the flags of the file's header.
[[nodiscard]] Completeness completeness_of(const Power* machine, std::uint32_t flags);

// Of several files: the first that is not complete, else the first of which that is not known.
[[nodiscard]] Completeness both(const Completeness& a, const Completeness& b);

}  // namespace cbtctl::model
