// What a run has left in the folders of one of its machines, told by the files alone. A journal explains what is found,
// and is never believed against it.
#pragma once

#include <optional>
#include <string>

#include "repair/workplace.h"

namespace cbtctl::repair {

// A copy of its plan, or anything that it kept.
[[nodiscard]] bool has_trace(const Workplace& place);

// All that the plan would do has been done to the files already, by whatever run.
[[nodiscard]] bool is_done_already(const Workplace& place);

// What a run that was taken back, but stopped before its last act, left of itself: only under its locks, and only where
// the files are what they were.
void clear_away(const Workplace& place);

// Of two runs that changed a file the later one is taken back first: the newest such run that was not taken back yet.
[[nodiscard]] std::optional<Refusal> refuse_out_of_order(const Workplace& place);

// The newest run that left anything in these folders; empty: none.
[[nodiscard]] std::string newest_run(const Workplace& place);

}  // namespace cbtctl::repair
