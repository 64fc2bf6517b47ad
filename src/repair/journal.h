// The operator's own record: ${XDG_STATE_HOME:-~/.local/state}/cbtctl/RUN/ with the plan and one line per step, synced
// before the step that it covers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "repair/plan.h"
#include "storage/local_file.h"

namespace cbtctl::repair {

struct Step {
  std::string time;  // RFC 3339
  std::string vm;
  std::string what;  // "begin", "edit", "quarantine", "done", "rolled-back", "restored", "failed"
  std::string path;
};

class Journal {
 public:
  // Makes the run's folder and writes the plan. `denied`, `unavailable` as the system says.
  static formats::core::Result<Journal> create(const Plan& plan);
  // Goes on with the journal of an earlier run.
  static formats::core::Result<Journal> reopen(const std::string& run);
  // Writes nothing: for recovery on another operator's machine.
  static Journal none() { return Journal{}; }

  [[nodiscard]] formats::core::Status append(const std::string& vm, std::string_view what,
                                             const std::string& path = {});

 private:
  storage::Descriptor file_;
};

struct RecordedRun {
  std::string id;
  std::optional<Plan> plan;  // nothing: cannot be read
  std::vector<Step> steps;
  // What became of a machine: the last of its outcomes, "unfinished" where none was written.
  [[nodiscard]] std::string outcome_of(const std::string& vm) const;
};
[[nodiscard]] std::vector<RecordedRun> recorded_runs();  // oldest first

}  // namespace cbtctl::repair
