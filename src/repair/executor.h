// Carries a machine's plan out, or takes it back. Every guard is asked again first, from a fresh look; every step is in
// the journal before it is done, and read back after.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repair/journal.h"
#include "repair/lock.h"
#include "repair/outcome.h"
#include "repair/plan.h"
#include "repair/planner.h"
#include "repair/proof.h"

namespace cbtctl::repair {

struct MachineResult {
  std::string vm;
  Outcome outcome{};
  std::optional<Reason> reason;  // of a refusal
  std::string message;
  std::vector<std::string> follow_up;
  model::Index target = 0;
  std::string name = {};  // as displayed
};

// What a run works with.
struct Means {
  const std::vector<Site>& sites;  // by Root::target
  Journal& journal;
  Look look;
};

// Guards, backs up, locks, changes, proves. A step that fails is rolled back, and the result says so.
[[nodiscard]] MachineResult carry_out(const Plan& plan, const MachinePlan& machine, const Means& means);

// To the exact bytes before. Refused (`ran-since`) once the machine may have run, `changed-meanwhile` where somebody
// else changed a file.
[[nodiscard]] MachineResult take_back(const Plan& plan, const MachinePlan& machine, const Means& means);

// Why it would be refused, by a look at the roots.
[[nodiscard]] std::optional<Refusal> refuse_take_back(const Plan& plan, const MachinePlan& machine,
                                                      const std::vector<Site>& by_target, const model::Datastore& now);

[[nodiscard]] MachineResult result_of(const MachinePlan& machine, Outcome outcome, std::string message = {},
                                      std::optional<Reason> reason = {});
[[nodiscard]] MachineResult refused(const MachinePlan& machine, Reason reason, std::string message);

}  // namespace cbtctl::repair
