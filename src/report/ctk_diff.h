// What changed between two copies of one CTK file.
#pragma once

#include <string>

#include "disk/tracking.h"
#include "report/table.h"

namespace cbtctl::report {

[[nodiscard]] std::string difference_text(const disk::Tracking& before, const disk::Tracking& after,
                                          const disk::TrackingDifference& difference, const Style& style);
[[nodiscard]] std::string difference_json(const disk::Tracking& before, const disk::Tracking& after,
                                          const disk::TrackingDifference& difference, int exit_status);

}  // namespace cbtctl::report
