// Who holds a file: the only sign of a running virtual machine that does not depend on the host that is asked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/answers.h"
#include "model/power.h"
#include "storage/commands.h"

namespace cbtctl::host {

using model::Lock;
using model::LockMode;

// What `vmkfstools -D FILE` or `vmfsfilelockinfo -p FILE` printed. The first "mode" is the lock's, a later one the
// file's. `unavailable`: the file system has no such locks (NFS, vSAN), or the host cannot tell. `in_use`: nor can it
// here, but it says that the file is locked.
[[nodiscard]] Result<Lock> parse_lock(const Answer& answer);

// Among a host's answers, those to the questions "lock" and "lock-owner". `malformed`: not so many.
[[nodiscard]] Result<std::vector<Result<Lock>>> locks_in(const std::vector<Answer>& answers, std::size_t count);

// The locks of these files, absolute paths of the host, in their order: one request, whatever their number. The outer
// error: nothing was answered.
[[nodiscard]] Result<std::vector<Result<Lock>>> ask_locks(storage::Commands& commands,
                                                          const std::vector<std::string>& paths);

}  // namespace cbtctl::host
