#include "report/trouble.h"

#include "report/json.h"

namespace cbtctl::report {

std::string error_json(const formats::core::Error& error, int exit_status) {
  Json document = envelope("cbtctl.error/1", exit_status, {});
  document["error"] = error.message;
  return printed(document);
}

}  // namespace cbtctl::report
