// Carries a machine's plan out, or takes it back.
//
// On the datastore, in each folder that is changed: `.cbtctl/lock` says who is at work; `.cbtctl/RUN/` holds the plan,
// the old bytes of edited files and the files moved aside, all written before the first change. Where a step stands is
// told by digests alone, so that carrying on and taking back can be begun again at any point, by anybody who has the
// folder.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "repair/journal.h"
#include "repair/plan.h"
#include "storage/writer.h"

namespace cbtctl::repair {

struct Result {
  std::string vm;
  std::string outcome;  // "changed", "restored", "refused", "rolled-back", "failed"
  std::string reason;   // of a refusal
  std::string message;
  std::vector<std::string> follow_up;
};

// Asked right before the first write: whether the machine is still proven off.
using PowerGuard = std::function<std::optional<Refusal>(const MachinePlan& machine)>;

// Where the steps' files go, once the run's id is known.
void place(Plan& plan);

// Guards, locks, backs up, changes, verifies. A step that fails is rolled back, and the result says so.
[[nodiscard]] Result carry_out(const Plan& plan, const MachinePlan& machine, storage::Writer& writer, Journal& journal,
                               const PowerGuard& guard);

// To the exact bytes before. Refused (`ran-since`) once the machine may have run, `changed-meanwhile` where somebody
// else changed a file.
[[nodiscard]] Result take_back(const Plan& plan, const MachinePlan& machine, storage::Writer& writer, Journal& journal,
                               const PowerGuard& guard);

// A run that was stopped in this folder, by its lock.
struct Unfinished {
  std::string folder;
  std::string run;
  std::string vm;
  std::string owner;        // "root@host, process 4711, since 2026-01-31T09:30:00Z"
  bool is_at_work = false;  // its process lives on this machine, or cannot be told since it ran on another
};
[[nodiscard]] std::optional<Unfinished> find_unfinished(const std::string& folder, storage::Writer& writer);

// Takes an unfinished run back, or where the machine may have run since finishes it, and removes the lock.
[[nodiscard]] Result recover(const Unfinished& unfinished, storage::Writer& writer);

[[nodiscard]] std::vector<std::string> folders_of(const MachinePlan& machine);

}  // namespace cbtctl::repair
