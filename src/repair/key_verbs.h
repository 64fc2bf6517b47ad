// What enable, disable and reset want of a machine.
#pragma once

#include <string>

#include "model/datastore.h"
#include "repair/intent.h"
#include "repair/planner.h"

namespace cbtctl::repair {

struct Wish {
  Intent intent;
  std::string unchanged;   // not empty: it is as it shall be, and why
  bool none_fits = false;  // there is no disk that could be tracked
};
[[nodiscard]] Wish wish_of(const model::Datastore& datastore, const model::VirtualMachine& machine,
                           const Request& request);

}  // namespace cbtctl::repair
