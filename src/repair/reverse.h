// The way back, the same for a rollback, an undo and a recovery.
#pragma once

#include "repair/journal.h"
#include "repair/workplace.h"

namespace cbtctl::repair {

// From whatever step the files are at to what they were, in reverse order: keys FALSE first, so that any prefix is CBT
// off too. Can be begun again at any point. `changed` where somebody else changed a file: then nothing more is done.
[[nodiscard]] formats::core::Status reverse(const Workplace& place, Journal& journal);

}  // namespace cbtctl::repair
