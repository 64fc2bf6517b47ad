// Whether a machine became what its plan promised, by a fresh look.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "model/datastore.h"
#include "repair/plan.h"

namespace cbtctl::repair {

// What lies now in the folders of a machine: a datastore whose targets are the plan's roots.
using Look = std::function<model::Datastore(const MachinePlan& machine)>;

// What of the promise does not hold; nothing where it does: each disk is in the promised state, none became tracked,
// the findings that were fixed are gone. `has_run`: a promised `pending` may have become tracked under a new UUID.
[[nodiscard]] std::optional<std::string> broken_promise(const MachinePlan& machine, const model::Datastore& now,
                                                        bool has_run = false);

// One disk of a run, after a power-on: `history RUN --verify`.
struct DiskProof {
  std::string vm;
  std::string slot;
  std::string promised;
  std::string state;
  std::string change_id_before;
  std::string change_id;
  std::string
      verdict;  // "restarted, proven", "not restarted", "not started yet", "off, proven", "not as promised", ...
};
[[nodiscard]] std::vector<DiskProof> prove(const MachinePlan& machine, const model::Datastore& now);

}  // namespace cbtctl::repair
