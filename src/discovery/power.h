// Whether a virtual machine runs: by its files, and by what hosts say of it; reference/esxi-facts.md section 3.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "discovery/tree.h"
#include "host/states.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

// Proof of being off, not absence of proof of being on: `off` needs cleanShutdown TRUE (or a machine that never ran),
// no lock file, no swap file and no suspended state. The swap file may lie in another folder (sched.swap.derivedName,
// which stays after a clean stop): one outside the scan is no sign, and cleanShutdown and the lock file, which lie in
// this one, decide; one whose folder could not be listed may be there. A crashed host leaves the signs of a running
// machine, so these alone are evidence and no proof either way.
[[nodiscard]] model::Power power_from_files(const formats::vmx::Configuration& settings, const Tree& tree,
                                            const Spot& configuration);

// The same where no more is known of its folder than the names in it, and whether its swap file lies in another one.
[[nodiscard]] model::Power power_from_names(const formats::vmx::Configuration& settings,
                                            const std::vector<std::string>& names, std::string_view configuration_name,
                                            bool swaps_elsewhere);

// Joins both. A process is proof of `on`; a registration without a process is proof of `off` where the files do not
// speak against it. A host knows nothing of what runs on another one.
[[nodiscard]] model::Power power_with_hosts(model::Power by_files, const std::vector<model::HostSign>& hosts);

// Whether only the locks can tell: no process is known, and neither files nor a registration prove that it is off.
[[nodiscard]] bool needs_locks(const model::Power& by_files, const std::vector<model::HostSign>& hosts);

// What the locks of its files make of a power state that the files alone do not settle. All free: it runs nowhere.
[[nodiscard]] model::Power power_with_locks(model::Power power, bool is_suspended,
                                            const std::vector<model::LockSign>& locks);

// The same for a machine that shall be changed, whatever the files say: a lock that is held speaks against `off`; locks
// that no file system has are asked in vain, and then only a host that has the machine registered can prove it.
[[nodiscard]] model::Power power_with_all_locks(model::Power power, bool is_suspended,
                                                const std::vector<model::LockSign>& locks);

// What a host that has it registered as `id` says of it.
[[nodiscard]] model::Power power_with_state(model::Power power, const std::string& host, const std::string& id,
                                            const formats::core::Result<host::MachineState>& state);

}  // namespace cbtctl::discovery
