// From what a machine shall be like to the steps that lead there.
//
// One invariant holds for every verb and fix, and stands in one function (close_over): a disk that will be on and is
// not tracked now loses every CTK line and every CTK file in its way first, so that no CTK file that may have missed
// writes is ever trusted again.
#pragma once

#include <string>
#include <variant>

#include "repair/plan.h"
#include "repair/planner.h"
#include "repair/users.h"

namespace cbtctl::repair {

// Refused where a guard objects. The roots of the intent's files are indexes of targets, those of the plan of its own
// roots. A plan without changes: nothing is left to do.
[[nodiscard]] std::variant<MachinePlan, Refusal> compile(const Users& users, const model::VirtualMachine& machine,
                                                         const Intent& intent, const std::vector<Site>& sites);

}  // namespace cbtctl::repair
