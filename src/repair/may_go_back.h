// The last word on whether a machine's plan may be taken back. It is the first and the last act of the one way back
// (reverse.h), so that neither undo nor a rollback nor a recovery can skip it.
#pragma once

#include <optional>

#include "model/datastore.h"
#include "repair/workplace.h"

namespace cbtctl::repair {

// Nullopt if it may. `now`: a fresh look at the plan's roots. The machine must be proven off and must not have run
// since the plan was made (`ran-since`, or what only a host says of a machine that is off), and no disk may become
// `tracked` over a table that may have missed writes (`would-be-tracked`).
// Every machine that holds what comes back is asked, whose ever it is. `is_back`: its files are what they were.
[[nodiscard]] std::optional<Refusal> may_go_back(const Workplace& place, const model::Datastore& now,
                                                 bool is_back = false);

}  // namespace cbtctl::repair
