#include "cli/told.h"

#include "log/log.h"

namespace cbtctl::cli {

int told(const formats::core::Error& error, int exit_status) {
  log::error(error.message);
  return error.kind == formats::core::ErrorKind::usage ? exit_usage : exit_status;
}

}  // namespace cbtctl::cli
