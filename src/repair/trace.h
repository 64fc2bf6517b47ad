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

// The newest later run that changed a file of this one and was not taken back; nothing where there is none.
[[nodiscard]] std::optional<std::string> later_run(const Workplace& place);

// The newest run that left anything in these folders; empty: none.
[[nodiscard]] std::string newest_run(const Workplace& place);

}  // namespace cbtctl::repair
