// Files whose sizes a listing told a moment ago, in fewer steps: no status is asked for.
#pragma once

#include <functional>
#include <vector>

#include "storage/ssh_shell.h"

namespace cbtctl::storage {

// Takes out of `submissions` and answers what turns out as it was listed. The others stay: what was not listed, what
// has changed since, what a link leads to, what cannot be read.
[[nodiscard]] Status read_known_files(SshShell& shell, std::vector<Submission>& submissions,
                                      const std::function<void(std::vector<Reply>)>& replier);

}  // namespace cbtctl::storage
