// Runs that were stopped: found by their locks, by the next verb that writes, on whatever machine it runs.
#pragma once

#include <functional>
#include <vector>

#include "repair/executor.h"

namespace cbtctl::repair {

// Takes an unfinished run back. Once the machine may have run, or a file was changed by somebody else, there is no way
// back: what the run wanted is planned anew from what is there, and carried out under the old locks. Refused, and left
// as it is, while the machine is not proven off or a guard objects.
//
// `sites`: the folder's root is the index of one; the other roots of the plan are looked for among them. `taken_over`:
// the operator's word that the owner is dead where nobody else can tell.
[[nodiscard]] MachineResult recover(const Unfinished& unfinished, const std::vector<Site>& sites, const Look& look,
                                    bool taken_over);

// What `recover` would do, told before it is agreed to; nothing is changed.
struct Prospect {
  std::string vm;
  bool may = false;  // else it is refused, for this reason
  std::optional<Reason> reason;
  std::string what;
};
[[nodiscard]] Prospect foresee(const Unfinished& unfinished, const std::vector<Site>& sites, const Look& look,
                               bool taken_over);

// The plan of a run, found in `folder` by somebody who may see the datastore elsewhere: its roots become those of
// `sites`, its paths are below them. False where a file of it lies in none.
[[nodiscard]] bool bind(MachinePlan& machine, const std::string& run, const Spot& folder,
                        const std::vector<Site>& sites);

}  // namespace cbtctl::repair
