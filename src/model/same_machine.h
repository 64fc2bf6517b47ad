// Two configurations that are one virtual machine.
#pragma once

#include "model/datastore.h"

namespace cbtctl::model {

// They lie in one folder and have one `uuid.bios`: the old copy that somebody keeps beside a .vmx. Whoever copies a
// machine's folder has another one.
[[nodiscard]] bool is_same_machine(const Datastore& datastore, const VirtualMachine& a, const VirtualMachine& b);

// What it writes is thrown away: so backup proxies hold the disks that they read.
[[nodiscard]] inline bool keeps_nothing(const Disk& disk) { return disk.settings.mode == "independent-nonpersistent"; }

}  // namespace cbtctl::model
