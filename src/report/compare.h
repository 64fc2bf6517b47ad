// Two `scan --json` documents side by side: what came, went, changed, restarted or went backwards.
#pragma once

#include <string>
#include <vector>

#include "model/datastore.h"
#include "report/table.h"

namespace cbtctl::report {

enum class DifferenceKind {
  vm_added,
  vm_gone,
  vm_moved,  // to another place: Storage vMotion
  disk_added,
  disk_gone,
  state_changed,
  tracking_restarted,
  tracking_went_backwards,
};
struct Difference {
  DifferenceKind kind{};
  model::Index target = 0;  // of the later scan; of the earlier one where it has gone
  std::string location;     // of the target
  std::string vm;           // the .vmx
  std::string name;         // as displayed
  std::string disk;         // slot; empty for a VM
  std::string before;
  std::string after;
};

// `malformed` where one of the texts is no `cbtctl.scan/1`; the message names its path. Machines are
// the same by their identity (model/identity.h), one that moved by vc.uuid or uuid.bios. Of a target that one of the
// scans could not read nothing came and nothing has gone.
formats::core::Result<std::vector<Difference>> compare_scans(const std::string& old_path, const std::string& old_text,
                                                             const std::string& new_path, const std::string& new_text);

[[nodiscard]] std::string compare_table(const std::vector<Difference>& changes, const Style& style);
[[nodiscard]] std::string compare_csv(const std::vector<Difference>& changes);
[[nodiscard]] std::string compare_json(const std::vector<Difference>& changes, int exit_status);

}  // namespace cbtctl::report
