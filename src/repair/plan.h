// What a writing verb would change, virtual machine by virtual machine, in the order in which it is done. A plan is
// plain data: it is shown, written to a file, copied to the datastore, carried out and taken back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/result.h"
#include "formats/core/sha256.h"
#include "model/cbt_state.h"
#include "model/datastore.h"
#include "repair/intent.h"
#include "repair/owner.h"
#include "repair/reason.h"
#include "repair/step_kind.h"
#include "repair/verb.h"

namespace cbtctl::repair {

// The order of every plan. Each is on the disk before the next begins, so that any prefix is CBT off.
enum class Phase { keys_off, tracking, keys_on };

// One step. An edit's `before` and `after` are whole contents of a small text; several edits of one file follow each
// other. A quarantined file leaves for the run's folder; what it was like is known by its size and times, and by its
// digest once the plan is sealed. A file is created where there was none, and no other step of the plan is about it; to
// take that back moves it into the run's folder.
struct Change {
  ChangeKind kind = ChangeKind::edit;
  Phase phase = Phase::tracking;
  Spot spot;
  std::string description;
  std::string sha256_before;  // empty of a file that is created
  std::string sha256_after;   // empty of a quarantined file
  std::string content_before;
  std::string content_after;
  std::uint64_t size_bytes = 0;  // of a quarantined file
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
};

// A file that a running virtual machine would write: what it was like when the plan was made. Times in ns since 1970.
struct Witness {
  Spot spot;
  bool exists = true;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
};

// A small text that says whether a disk is tracked: what it was when the plan was made.
struct Watched {
  Spot spot;
  std::string sha256;
};

// What a disk was like when the plan was made.
struct DiskRecord {
  std::string slot;
  model::CbtState state = model::CbtState::unreadable;
  std::string change_id;  // empty where there was none
};

struct Refusal {
  std::string vm;
  Reason reason{};
  std::string message;
  model::Index target = 0;
  std::string name = {};  // as displayed; empty where there is no machine
};

struct Unchanged {
  std::string vm;
  std::string message;
  model::Index target = 0;
  std::string name = {};  // as displayed; empty where there is no machine
};

struct Root {
  model::Index target = 0;
  std::string location;  // absolute
};

struct MachinePlan {
  std::optional<std::size_t>
      number;               // in the plan of its run; nothing: not carried out yet, or a copy of version 0.1.0
  std::vector<Root> roots;  // the first holds the .vmx
  std::string vm;           // the .vmx below it; of a file that belongs to no machine: the file itself
  std::string name;         // as displayed; empty where there is no machine
  Intent intent;
  std::vector<Change> changes;
  std::vector<Witness> witnesses;
  std::vector<Watched> watched;  // the .vmx and the descriptors of own links; runs of 0.1.0 have none
  std::vector<Witness> end;      // those that the run itself edited, as its last step and the hosts' reload left them
  std::vector<DiskRecord> disks;
  std::vector<std::pair<std::string, model::CbtState>> promised;  // slot and the state that the disk will have
  std::vector<std::string> fixed;                                 // fingerprints of the findings that will be gone
  std::vector<Spot> folders;                                      // where its files lie
  bool kept_by_number = true;         // false: of a run of 0.1.0, which kept each file under the file's own name
  bool has_machine = true;            // clean may move a file of a folder that no machine owns
  bool assumed_off = false;           // the operator's word
  bool assumed_unregistered = false;  // the operator's word
};

// Whether a step of this kind is about the file.
[[nodiscard]] bool has_step(const MachinePlan& machine, const Spot& spot, ChangeKind kind);

struct Plan {
  std::string id;  // of the run: "20260131T093000Z-1f2e"
  Verb verb{};
  std::vector<MachinePlan> machines;
  std::vector<Refusal> refused;
  std::vector<Unchanged> unchanged;
  std::optional<Owner> owner;  // once a run carries it out
  // How its places were reached, for whoever takes it back; believed of the operator's own record alone.
  std::string ssh_config = {};         // absolute; empty: the user's
  std::vector<std::string> maps = {};  // of --map, absolute
};

// Later than `newest` in the order of text, also where the clock was set back since.
[[nodiscard]] std::string new_run_id(const std::string& newest = {});
[[nodiscard]] bool is_run_id(const std::string& text);
// As any version may have called a run: by its time first.
[[nodiscard]] bool is_called_like_run(const std::string& text);

// The document that --plan-out writes and that lies beside a change on the datastore.
[[nodiscard]] std::string to_text(const Plan& plan);
// `malformed` where it is none, or where a path in it leads out of its root. All earlier formats are read; of a later
// one, `unsupported`, the message names the version of cbtctl that wrote it.
formats::core::Result<Plan> plan_from_text(const std::string& text);

// "its format, cbtctl.plan/9, is a later one: use cbtctl 7.0"; both are somebody else's text.
[[nodiscard]] std::string told_of_later(const std::string& schema, const std::string& tool);

// As its run's journal names them from now on.
void number_machines(Plan& plan);

}  // namespace cbtctl::repair
