// The document of a verb that ends without its report: "cbtctl.error/1".
#pragma once

#include <string>
#include <vector>

#include "app/select.h"
#include "report/json_value.h"

namespace cbtctl::report {

// `error` is the last that was told. `unmatched`: selectors that were nobody's.
[[nodiscard]] std::string error_json(int exit_status, const std::vector<app::Unmatched>& unmatched = {});

// The last error that was told; "cancelled" where none was.
[[nodiscard]] std::string last_error();

// [{option, value, nearest[]}]
[[nodiscard]] Json unmatched_json(const std::vector<app::Unmatched>& unmatched);

}  // namespace cbtctl::report
