#include "cli/told.h"

#include "cli/console.h"
#include "log/log.h"
#include "report/trouble.h"

namespace cbtctl::cli {

int told(const formats::core::Error& error, const CommandLine& line, int exit_status) {
  log::error(error.message);
  if (error.kind == formats::core::ErrorKind::usage) exit_status = exit_usage;
  const bool written = !line.json || write_output(report::error_json(error, exit_status));
  return written ? exit_status : exit_status | exit_incomplete;
}

}  // namespace cbtctl::cli
