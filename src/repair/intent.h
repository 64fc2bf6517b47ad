// What a machine shall be like, and the changes that lead there.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "analysis/finding.h"
#include "repair/planner.h"

namespace cbtctl::repair {

struct DiskIntent {
  std::optional<bool> key;  // nothing: as it is
  bool strip = false;       // every CTK line and CTK file of its own links goes
};

struct Intent {
  std::optional<bool> vm_key;
  std::map<std::string, DiskIntent> disks;              // by slot
  std::vector<std::string> removed_keys;                // of the .vmx
  std::vector<std::pair<std::string, bool>> kept_keys;  // a key that stands twice, and whether its first stays
  std::vector<model::Index> lowered;                    // descriptors: version 3 back to 1
  std::vector<std::pair<model::Index, std::string>> parent_cids;  // descriptors and their new parentCID
  [[nodiscard]] bool is_empty() const {
    return !vm_key && disks.empty() && removed_keys.empty() && kept_keys.empty() && lowered.empty() &&
           parent_cids.empty();
  }
};

// The change that a finding's fix asks for.
void add_fix(const model::Datastore& datastore, const model::VirtualMachine& machine, const analysis::Finding& finding,
             const std::string& option, Intent& intent);

// The steps in order: keys FALSE; lines out, versions down; CTK files aside; keys TRUE.
[[nodiscard]] std::variant<MachinePlan, Refusal> compile(const model::Datastore& datastore,
                                                         const model::VirtualMachine& machine, Intent intent,
                                                         const Request& request, const Site& site);

[[nodiscard]] bool names_tracking(const model::Datastore& datastore, const model::Disk& disk);  // an own link does
[[nodiscard]] bool has_default_tracking(const model::Datastore& datastore,
                                        const model::Disk& disk);  // "x-ctk.vmdk" is there

formats::core::Result<Change> quarantine_of(storage::Writer& writer, const std::string& path, const std::string& why);
[[nodiscard]] std::vector<Witness> witnesses_of(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                                storage::Writer& writer);

}  // namespace cbtctl::repair
