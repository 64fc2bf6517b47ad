// Product, version and build of a host.
#pragma once

#include "host/answers.h"
#include "model/host.h"

namespace cbtctl::host {

// "VMware ESXi 7.0.3 build-20328353" (vmware -v), or the block of `system version get` (5.0 and later). `malformed`:
// neither.
[[nodiscard]] Result<model::HostFacts> parse_version(const Answer& answer);

}  // namespace cbtctl::host
