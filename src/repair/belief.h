// Whether a plan that lies on a datastore is believed: anybody who can write there could have put it there.
#pragma once

#include "repair/lock.h"

namespace cbtctl::repair {

enum class Belief {
  own,      // the operator's own record has it
  agreed,   // every folder that it names holds the same copy
  partly,   // some do not: believed only where nothing was begun
  unknown,  // one of them cannot be looked at
};

// `bound`: the plan of `unfinished`, in terms of `sites` (by its roots).
[[nodiscard]] Belief belief_in(const Unfinished& unfinished, const MachinePlan& bound, const std::vector<Site>& sites);

}  // namespace cbtctl::repair
