// Where one machine's plan is carried out, and what lies there of the run: contract, section 7.
//
// In each folder that is changed, and in the machine's own, `.cbtctl/RUN/` holds the plan (`x.vmx.plan.json`), the old
// content of every file that is edited (`x.vmx.0.kept`) and every file that was moved aside (`x.vmx.3.moved`); while
// the run is at work also an empty `x.vmx.TOKEN.new` (owner.h), and the new contents that wait for their turn
// (`x.vmx.0.new`). Of a file that is created a second name of its content says that its turn came (`x.vmx.2.made`);
// once taken back the file itself lies there (`x.vmx.2.moved`). All of it, and the lock, is synced before the first
// change. The number is that of the change in the machine's plan: under its own name a file could meet one of the
// run's.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "repair/plan.h"
#include "repair/planner.h"

namespace cbtctl::repair {

struct Workplace {
  const std::string& run;
  const MachinePlan& machine;
  const std::vector<Site>& sites;  // by root; each can be written

  [[nodiscard]] storage::Writer& writer(const Spot& spot) const { return *sites[spot.root].writer; }
  [[nodiscard]] bool exists(const Spot& spot) const { return writer(spot).status(spot.path).has_value(); }
  [[nodiscard]] formats::core::Result<std::string> digest_at(const Spot& spot) const;  // "" where it is missing
  [[nodiscard]] formats::core::Status sync() const;
  // Changes that `work` makes one after another and whose answers it does not need, at once (storage/writer.h).
  [[nodiscard]] formats::core::Status together(const std::function<formats::core::Status()>& work) const;
  void look_ahead(const std::vector<std::pair<Spot, storage::Question::Kind>>& questions) const;

  [[nodiscard]] std::vector<Spot> folders() const;  // that are locked, each once, in order
  [[nodiscard]] Spot own_folder(const Spot& folder) const;
  [[nodiscard]] Spot run_folder(const Spot& folder) const;
  [[nodiscard]] Spot plan_copy(const Spot& folder) const;
  [[nodiscard]] Spot at_work(const Spot& folder) const;  // of this process
  [[nodiscard]] Spot kept(
      const Spot& file) const;  // one that the plan changes: its old content, or where it was moved to
  [[nodiscard]] Spot aside(std::size_t change) const;      // where a file goes that was created
  [[nodiscard]] Spot waiting(std::size_t change) const;    // what an edit will write
  [[nodiscard]] Spot returning(std::size_t change) const;  // what takes an edit back
  [[nodiscard]] Spot putting_off() const;                  // a .vmx with CBT off, where there is no way back

  // The run's folders, and that this process is at work in them: before the lock.
  [[nodiscard]] formats::core::Status enter() const;
  // The plan, the old contents and the new ones: behind the lock; not synced.
  [[nodiscard]] formats::core::Status prepare(const Plan& plan) const;
  // The plan again, with the run's end: behind its last step.
  [[nodiscard]] formats::core::Status record_end(const Plan& plan) const;
  // This process is at work there in the place of one that is dead.
  [[nodiscard]] formats::core::Status take_over() const;
  // In this order around unlock: what was prepared and not used; the old contents that are no more needed, since the
  // files have them again; that anybody is at work; the plan; folders that are empty then. Never what was moved.
  void remove_waiting() const;
  void remove_kept() const;
  void leave() const;
  void remove_plan() const;
  void remove_if_empty() const;

  [[nodiscard]] formats::core::Status enter_one(const Spot& folder) const;
  // A file of the run's folder that was prepared, and no file that was moved there by a name of 0.1.0.
  void remove_prepared(const Spot& spot) const;
};

// Names, for those who look for a run.
[[nodiscard]] std::string own_folder_of(const std::string& folder);
[[nodiscard]] std::string lock_folder_of(const std::string& folder);
[[nodiscard]] std::string run_folder_of(const std::string& folder, const std::string& run);
[[nodiscard]] std::string plan_copy_of(const std::string& folder, const std::string& run, const std::string& vm);
inline constexpr std::string_view plan_copy_suffix = ".plan.json";
inline constexpr std::string_view waiting_suffix = ".new";

// "x.vmx.TOKEN.new" -> "x.vmx" and the token; nothing where it is no such name.
struct AtWork {
  std::string vm_name;
  std::string token;
};
[[nodiscard]] std::optional<AtWork> at_work_from(const std::string& name);

// Of a change, in the run's folder: the old content of an edited file, the file that was moved, or the content of one
// that is created; what will be written; what takes an edit back; where a created file goes. Runs of 0.1.0 named them
// after the files.
[[nodiscard]] std::string kept_name(const MachinePlan& machine, std::size_t change);
[[nodiscard]] std::string waiting_name(const MachinePlan& machine, std::size_t change);
[[nodiscard]] std::string returning_name(const MachinePlan& machine, std::size_t change);
[[nodiscard]] std::string aside_name(const MachinePlan& machine, std::size_t change);
inline constexpr std::string_view kept_suffix = ".kept";
inline constexpr std::string_view made_suffix = ".made";
inline constexpr std::string_view moved_suffix = ".moved";

[[nodiscard]] std::vector<Spot> folders_of(const MachinePlan& machine);

}  // namespace cbtctl::repair
