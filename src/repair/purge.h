// What purge may delete of a run's folder for good: what the run put there, as the run left it, and of what was moved
// only what may be moved at all (analysis/tracking_file_verdict.h). Anything else stays, and is told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/datastore.h"
#include "storage/writer.h"

namespace cbtctl::repair {

struct Staying {
  std::string path;
  std::string why;
};

struct RunContents {
  std::vector<std::string> removable;  // paths, in the order in which they go: the plans last
  std::uint64_t removable_bytes = 0;
  std::vector<Staying> staying;
};

// `folder` is a `.cbtctl/RUN` of the target. Looks afresh; who deletes later asks again.
[[nodiscard]] formats::core::Result<RunContents> contents_of_run(const model::Datastore& datastore, model::Index target,
                                                                 const std::string& folder, storage::Writer& writer);

}  // namespace cbtctl::repair
