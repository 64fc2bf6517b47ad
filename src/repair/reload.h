// Telling the hosts that have a machine registered that its configuration has changed: hostd keeps it in memory.
#pragma once

#include "model/datastore.h"
#include "repair/plan.h"
#include "repair/planner.h"

namespace cbtctl::repair {

// Of a plan that edits the .vmx, each host that `now` knows to have the machine registered reads it again, and must
// then tell CBT as `is_on` says; `now` and `sites` by the plan's roots. On a mount nobody is told.
[[nodiscard]] formats::core::Status reload(const MachinePlan& machine, const model::Datastore& now,
                                           const std::vector<Site>& sites, bool is_on);

[[nodiscard]] bool edits_configuration(const MachinePlan& machine);
// Whether the .vmx says CBT is on, before the plan's changes and after them.
[[nodiscard]] bool is_on_before(const MachinePlan& machine);
[[nodiscard]] bool is_on_after(const MachinePlan& machine);

}  // namespace cbtctl::repair
