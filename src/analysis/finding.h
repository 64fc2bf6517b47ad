// A finding says that the user's data is wrong: which rule, where, and the facts. The words are the catalogue's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/datastore.h"

namespace cbtctl::analysis {

enum class Severity { note, warning, error, critical };
enum class Certainty { hit, possible, cannot_tell };
enum class Fix { safe, choice, none };
[[nodiscard]] std::string_view name_of(Severity severity);
[[nodiscard]] std::string_view name_of(Certainty certainty);
[[nodiscard]] std::string_view name_of(Fix fix);

// In the order of the catalogue, which is that of the names.
enum class Code : unsigned {
  advisory_hot_extend,
  advisory_kb2090639,
  advisory_kb2136854,
  advisory_tracking_began_with_snapshot,
  cbt_disallowed,
  cbt_disk_excluded,
  cbt_disk_key_missing,
  cbt_key_for_missing_disk,
  cbt_key_malformed,
  cbt_key_misspelt,
  cbt_leftover_tracking,
  cbt_mixed_chain,
  cbt_pending,
  cbt_pending_with_snapshot,
  cbt_unsupported_disk,
  cbt_vm_key_missing,
  chain_capacity_mismatch,
  chain_cid_mismatch,
  chain_loop,
  chain_parent_missing,
  chain_too_long,
  consolidation_needed,
  ctk_covers_less,
  ctk_epoch_ahead,
  ctk_format_doubted,
  ctk_layout_unknown,
  ctk_leftover,
  ctk_missing,
  ctk_orphan,
  ctk_orphan_snapshot,
  ctk_shared,
  ctk_size_mismatch,
  ctk_unrecognised,
  descriptor_damaged,
  descriptor_version_mismatch,
  disk_has_children,
  disk_hot_added,
  disk_missing,
  disk_orphan,
  disk_shared,
  disk_uuid_twice,
  extent_invalid,
  extent_missing,
  extent_orphan,
  extent_size_mismatch,
  sidecar_missing,
  snapshot_disk_missing,
  snapshot_not_listed,
  snapshot_orphan,
  snapshot_temporary,
  vmsd_damaged,
  vmsd_inconsistent,
  vmx_copy,
  vmx_damaged,
  vmx_duplicate_key,
};

struct Evidence {
  std::string label;
  std::optional<std::string> expected;
  std::optional<std::string> found;  // nothing: not there
};

struct Finding {
  Code code{};
  Severity severity{};  // the catalogue's, unless the rule knows better
  Certainty certainty = Certainty::hit;
  Fix fix{};
  model::Index target = 0;
  std::string path;                     // the file that the finding is about
  std::optional<model::Index> machine;  // of Datastore::virtual_machines
  std::vector<model::Index> machines;   // where it is about several
  std::string slot;                     // empty: no one disk
  std::string key;                      // tells findings of one code, path and slot apart
  std::vector<Evidence> evidence;
  std::vector<std::string> blocked_by =
      {};  // reasons for which the fix would be refused now; who asks the guards fills it
};

// Why something was not checked, in words that do not change.
enum class SkipReason { changing, encrypted, in_use, not_proven_off, outside_scan, unknown_build, unreadable, untold };
[[nodiscard]] std::string_view name_of(SkipReason reason);
// What a file that could not be read is skipped for.
[[nodiscard]] SkipReason reason_of(const model::Error& error);

// What could not be checked is said, never dropped.
struct Skipped {
  std::string what;
  std::string why;
  std::optional<model::Index> machine;  // of Datastore::virtual_machines, where it is about one
  SkipReason reason = SkipReason::unreadable;
  std::optional<model::Index> target = {};  // nothing: that of the machine
  std::string path = {};                    // the file that it is about; empty: that of the machine
  std::string slot = {};
};

struct Findings {
  std::vector<Finding> found;
  std::vector<Skipped> skipped;
};

// Stable over runs: 16 hex digits of the file's identity, code, slot and key.
[[nodiscard]] std::string fingerprint_of(const std::vector<model::Target>& targets, const Finding& finding);
// The same within one target, whatever it is called: of its path there.
[[nodiscard]] std::string fingerprint_in_target(const Finding& finding);

}  // namespace cbtctl::analysis
