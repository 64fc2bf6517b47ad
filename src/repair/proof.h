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

enum class ProofVerdict {
  disk_not_found,
  not_as_promised,
  not_started,    // it will at the next power-on
  not_restarted,  // it is tracked under the old UUID
  restarted,
  started,
  as_promised,
};
// One disk of a run, after a power-on: `history RUN --verify`.
struct DiskProof {
  std::string vm;
  std::string slot;
  model::CbtState promised{};
  std::optional<model::CbtState> state;  // nullopt: the disk is not found any more
  std::string change_id_before;
  std::string change_id;
  ProofVerdict verdict = ProofVerdict::disk_not_found;
};
[[nodiscard]] std::vector<DiskProof> prove(const MachinePlan& machine, const model::Datastore& now);

}  // namespace cbtctl::repair
