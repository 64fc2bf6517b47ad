// A verb that ends without its report.
#pragma once

#include "cli/command_line.h"
#include "cli/exit_status.h"
#include "formats/core/result.h"

namespace cbtctl::cli {

// Tells the error, with --json as a document too, and gives the exit status; a usage error has 16.
int told(const formats::core::Error& error, const CommandLine& line, int exit_status = exit_incomplete);

}  // namespace cbtctl::cli
