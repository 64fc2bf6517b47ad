// Why a virtual machine may not be changed. Proof of being off, not absence of proof of being on.
#pragma once

#include <optional>
#include <span>

#include "model/datastore.h"
#include "repair/planner.h"
#include "repair/users.h"

namespace cbtctl::repair {

// What every writing verb asks: readable, proven off, not locked, no template; on a host registered and without tasks.
[[nodiscard]] std::optional<Refusal> refuse_machine(const model::Datastore& datastore,
                                                    const model::VirtualMachine& machine, const Request& request);

// What is asked before CBT is touched: hardware, snapshots of own links, and each disk: readable, in the scan by its
// own path, on no object storage, used by no other machine.
[[nodiscard]] std::optional<Refusal> refuse_tracking(const Users& users, const model::VirtualMachine& machine,
                                                     std::span<const model::Disk* const> disks);

// A file of its own links that is not in the scan by its own path, or that is there and was not read: whether it names
// a CTK file is not known.
[[nodiscard]] bool has_unseen_link(const model::Datastore& datastore, const model::Disk& disk);

// A key that stands twice: which of its lines ESXi goes by is not known, unless the intent keeps one of them.
[[nodiscard]] std::optional<Refusal> refuse_duplicates(const model::Datastore& datastore,
                                                       const model::VirtualMachine& machine, const Intent& intent);

// The machine of a plan in a look at its roots.
[[nodiscard]] const model::VirtualMachine* find_machine(const model::Datastore& now, const std::string& vm);

// Whether a chain of the machine holds a descriptor that the plan edits, or that names a CTK file which the plan moves.
[[nodiscard]] bool holds_what_changes(const MachinePlan& plan, const model::Datastore& now,
                                      const model::VirtualMachine& machine);

// Of a plan whose machine is not proven off any more, or cannot be read, or whose descriptors another machine holds
// that is not; `now` has the plan's roots as its targets.
[[nodiscard]] std::optional<Refusal> refuse_power(const MachinePlan& plan, const model::Datastore& now);

// No disk of the machine could be tracked: the one reason that says why.
[[nodiscard]] Refusal refuse_untrackable(const model::Datastore& datastore, const model::VirtualMachine& machine);

// The operator's word for a machine: its name or its .vmx is among these.
[[nodiscard]] bool is_among(const std::vector<std::string>& names, const model::Datastore& datastore,
                            const model::VirtualMachine& machine);
[[nodiscard]] Refusal refusal(const model::Datastore& datastore, const model::VirtualMachine& machine, Reason reason,
                              std::string message);

}  // namespace cbtctl::repair
