// The operator's own record: ${XDG_STATE_HOME:-~/.local/state}/cbtctl/RUN/ with the plan and one line per step, synced
// before the step that it covers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "repair/outcome.h"
#include "repair/plan.h"

namespace cbtctl::repair {

struct Step {
  std::string time;  // RFC 3339; filled in by the journal
  std::string vm;
  std::optional<std::size_t> machine = {};  // its number in the plan; nothing: of version 0.1.0, or of no machine
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

// The lines of one machine, which it names by its number: two machines may have one path.
class MachineJournal final : public Journal {
 public:
  MachineJournal(Journal& journal, const MachinePlan& machine) : journal_(journal), number_(machine.number) {}
  [[nodiscard]] formats::core::Status append(Step step) override {
    step.machine = number_;
    return journal_.append(std::move(step));
  }

 private:
  Journal& journal_;
  std::optional<std::size_t> number_;
};

// Makes the run's folder and writes the plan. `denied`, `unavailable` as the system says.
formats::core::Result<std::unique_ptr<Journal>> create_journal(const Plan& plan);
// Goes on with the journal of an earlier run; of a run of another operator, one that keeps nothing.
[[nodiscard]] std::unique_ptr<Journal> reopen_journal(const std::string& run);

struct RecordedRun {
  std::string id;
  std::optional<Plan> plan;  // nothing: cannot be read
  std::string trouble;       // why not
  bool is_later = false;     // it is a later version's
  std::vector<Step> steps;
  bool is_recorded = false;  // in this operator's record; else its plan alone is known, from a datastore
  // What the journal says became of a machine; where it stands the files alone tell (standing.h).
  [[nodiscard]] Outcome outcome_of(const MachinePlan& machine) const;
  [[nodiscard]] bool is_of(const Step& step, const MachinePlan& machine) const;
};
[[nodiscard]] std::vector<RecordedRun> recorded_runs();  // oldest first
[[nodiscard]] std::optional<RecordedRun> recorded_run(const std::string& id);
[[nodiscard]] std::string record_folder_of_runs();
[[nodiscard]] std::string newest_recorded();  // its id; empty: none

}  // namespace cbtctl::repair
