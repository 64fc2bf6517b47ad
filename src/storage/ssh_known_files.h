// Files whose sizes a listing told a moment ago, in fewer steps: no status is asked for.
#pragma once

#include <functional>
#include <vector>

#include "storage/ssh_shell.h"

namespace cbtctl::storage {

// What one call of the script brings at most, of files known or not.
inline constexpr std::size_t most_bytes_per_call = 16 * 1024 * 1024;

// Takes out of `submissions` and answers what turns out as it was listed. The others stay: what was not listed, what
// has changed since, what a link leads to, what cannot be read.
[[nodiscard]] Status read_known_files(SshShell& shell, std::vector<Submission>& submissions,
                                      const std::function<void(std::vector<Reply>)>& replier);

}  // namespace cbtctl::storage
