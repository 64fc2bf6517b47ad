// A machine whose configuration has keys that stand twice, as it is with one line left of each.
#pragma once

#include <string>
#include <vector>

#include "model/datastore.h"
#include "repair/intent.h"

namespace cbtctl::repair {

struct Settled {
  model::VirtualMachine machine;                  // with the disks whose chains are known
  std::vector<formats::vmx::Disk> unknown_disks;  // another file than the one that was looked at
};
// `text`: of the .vmx. `malformed` where nothing is left that is a configuration.
formats::core::Result<Settled> settled_machine(const model::VirtualMachine& machine, const std::string& text,
                                               const Intent& intent);

}  // namespace cbtctl::repair
