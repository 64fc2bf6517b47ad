// What a writing verb would change, virtual machine by virtual machine, in the order in which it is done. A plan is
// plain data: it is shown, written to a file, copied to the datastore, carried out and taken back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/result.h"
#include "formats/core/sha256.h"
#include "model/datastore.h"

namespace cbtctl::repair {

enum class ChangeKind { edit, quarantine };
[[nodiscard]] std::string_view name_of(ChangeKind kind);

// One step. An edit's `before` and `after` are whole contents of a small text; several edits of one file follow each
// other. A quarantined file leaves for `moved_to`.
struct Change {
  ChangeKind kind = ChangeKind::edit;
  std::string path;
  std::string description;
  std::string sha256_before;
  std::string sha256_after;  // empty of a quarantined file
  std::string content_before;
  std::string content_after;
  std::string moved_to;  // set when the run begins
};

// A file that a running virtual machine would write: what it was like when the plan was made. Times in ns since 1970.
struct Witness {
  std::string path;
  bool exists = true;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
};

// The reasons of the contract, section 4: "powered-on", "has-snapshots", ...
struct Refusal {
  std::string vm;
  std::string reason;
  std::string message;
};

struct Unchanged {
  std::string vm;
  std::string message;
};

// Every path is relative to the root of `target`.
struct MachinePlan {
  model::Index target = 0;
  std::string root;  // absolute
  std::string vm;    // the .vmx; of a file that belongs to no VM: the file itself
  std::vector<Change> changes;
  std::vector<Witness> witnesses;
  std::vector<std::pair<std::string, std::string>> promised;  // slot and the state that the disk will have
  bool touches_tracking = false;  // moves CTK files or changes CBT keys: never taken back once the VM may have run
  bool checks_power = true;       // clean may move a file of a folder that no VM owns
};

struct Plan {
  std::string id;  // of the run: "20260131T093000Z-1f2e"
  std::string verb;
  std::vector<MachinePlan> machines;
  std::vector<Refusal> refused;
  std::vector<Unchanged> unchanged;
};

[[nodiscard]] std::string new_run_id();

// The document that --plan-out writes and that lies beside a change on the datastore.
[[nodiscard]] std::string to_text(const Plan& plan);
formats::core::Result<Plan> plan_from_text(const std::string& text);

}  // namespace cbtctl::repair
