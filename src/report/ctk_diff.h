// What changed between two copies of one CTK file.
#pragma once

#include <string>

#include "disk/tracking.h"
#include "model/completeness.h"
#include "report/provenance.h"
#include "report/table.h"

namespace cbtctl::report {

struct Compared {
  const disk::Tracking& before;
  const disk::Tracking& after;
  const disk::TrackingDifference& difference;
  model::Completeness old_completeness;
  model::Completeness new_completeness;
};
[[nodiscard]] std::string difference_text(const Compared& compared, const Style& style);
[[nodiscard]] std::string difference_json(const Compared& compared, int exit_status,
                                          const ProvenanceOf& provenance = {});

}  // namespace cbtctl::report
