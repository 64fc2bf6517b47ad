// Who holds a file: the only sign of a running virtual machine that does not depend on the host that is asked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/answers.h"
#include "storage/commands.h"

namespace cbtctl::host {

enum class LockMode {
  free,          // 0
  exclusive,     // 1: a running machine's active extents
  read_only,     // 2: the extents of its snapshots' parents
  multi_writer,  // 3
};

struct Lock {
  LockMode mode = LockMode::free;
  std::vector<std::string> owners;  // MAC addresses of the hosts that hold it: "00:50:56:aa:bb:cc"
  std::string source;               // the command that told it
};
[[nodiscard]] std::string_view name_of(LockMode mode);

// What `vmkfstools -D FILE` or `vmfsfilelockinfo -p FILE` printed. The first "mode" is the lock's, a later one the
// file's. `unavailable`: the file system has no such locks (NFS, vSAN), or the host cannot tell.
[[nodiscard]] Result<Lock> parse_lock(const Answer& answer);

// Among a host's answers, those to the questions "lock" and "lock-owner". `malformed`: not so many.
[[nodiscard]] Result<std::vector<Result<Lock>>> locks_in(const std::vector<Answer>& answers, std::size_t count);

// The locks of these files, absolute paths of the host, in their order: one request, whatever their number. The outer
// error: nothing was answered.
[[nodiscard]] Result<std::vector<Result<Lock>>> ask_locks(storage::Commands& commands,
                                                          const std::vector<std::string>& paths);

}  // namespace cbtctl::host
