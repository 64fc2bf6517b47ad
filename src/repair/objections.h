// What an intent entails, and who objects to it: the planner's questions without a step. None needs a writer, so that
// `check` can say beforehand what `repair` will refuse.
#pragma once

#include <optional>
#include <vector>

#include "analysis/finding.h"
#include "model/datastore.h"
#include "repair/intent.h"
#include "repair/plan.h"
#include "repair/reason.h"
#include "repair/users.h"

namespace cbtctl::repair {

// The invariant. A disk that is stripped and stays on gets its key set, so that it goes FALSE in between. What could
// not be read for a key that stood twice counts as not tracked, and leaves nothing behind where it will be off. Where
// the VM's key is not TRUE afterwards every disk runs untracked, also one that was not selected: no old table stays for
// whoever sets that key next, and where one cannot be looked for the machine is refused.
// `settled`: the machine with one line left of each key.
[[nodiscard]] Intent with_consequences(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                       const model::VirtualMachine& settled, Intent intent);

// Of an intent with its consequences.
[[nodiscard]] std::optional<Refusal> refuse_intent(const Users& users, const model::VirtualMachine& settled,
                                                   const Intent& intent);

// The reasons that stand in the way of a finding's fix now; of a choice, where they stand in the way of every option.
[[nodiscard]] std::vector<Reason> reasons_against(const Users& users, const analysis::Finding& finding);

}  // namespace cbtctl::repair
