// The options of SSH connections, for every verb whose targets or files may lie on a host.
#pragma once

#include "cli/command_line.h"
#include "formats/core/result.h"
#include "storage/ssh_options.h"

namespace cbtctl::cli {

void add_ssh_options(Options& own);

// `usage` where an option makes no sense or a password cannot be read. Passwords come from --password-file,
// --password-fd or CBTCTL_PASSWORD, else the terminal is asked, which is looked for only where a host is
// (`reaches_hosts`); never from the command line.
formats::core::Result<storage::SshOptions> ssh_options_of(const CommandLine& line, bool reaches_hosts);

}  // namespace cbtctl::cli
