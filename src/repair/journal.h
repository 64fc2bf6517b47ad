// The operator's own record: ${XDG_STATE_HOME:-~/.local/state}/cbtctl/RUN/ with the plan and one line per step, synced
// before the step that it covers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "repair/outcome.h"
#include "repair/plan.h"

namespace cbtctl::repair {

struct Step {
  std::string time;  // RFC 3339; filled in by the journal
  std::string vm;
  std::string what;  // name_of a StepKind, a ChangeKind or an Outcome; read: whatever stands there
  std::string path;
  std::string description;
  std::string sha256_before;
  std::string sha256_after;
};

class Journal {
 public:
  virtual ~Journal() = default;
  [[nodiscard]] virtual formats::core::Status append(Step step) = 0;
};

// Makes the run's folder and writes the plan. `denied`, `unavailable` as the system says.
formats::core::Result<std::unique_ptr<Journal>> create_journal(const Plan& plan);
// Goes on with the journal of an earlier run; of a run of another operator, one that keeps nothing.
[[nodiscard]] std::unique_ptr<Journal> reopen_journal(const std::string& run);

struct RecordedRun {
  std::string id;
  std::optional<Plan> plan;  // nothing: cannot be read
  std::vector<Step> steps;
  // What became of a machine: the last of its outcomes, `unfinished` where none was written.
  [[nodiscard]] Outcome outcome_of(const std::string& vm) const;
};
[[nodiscard]] std::vector<RecordedRun> recorded_runs();  // oldest first
[[nodiscard]] std::optional<RecordedRun> recorded_run(const std::string& id);
[[nodiscard]] std::string newest_recorded();  // its id; empty: none

}  // namespace cbtctl::repair
