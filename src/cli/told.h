// The end of a verb without its report.
#pragma once

#include "cli/exit_status.h"
#include "formats/core/result.h"

namespace cbtctl::cli {

// Tells the error and gives the exit status: 16 for a usage error. With --json it stands in the document that is
// printed in the report's place.
int told(const formats::core::Error& error, int exit_status = exit_incomplete);

}  // namespace cbtctl::cli
