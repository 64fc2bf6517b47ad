// Each sign is looked up by itself and put into words; the state follows from their sum. Signs that contradict each
// other make the state `unknown`.
#include "discovery/power.h"

#include <string>

#include "discovery/names.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::discovery {
namespace {

using formats::core::file_name;
using formats::core::parent_of;

struct Signs {
  bool lock = false;
  bool nfs_lock = false;
  bool swap = false;
  bool log = false;
};

Signs signs_in(const Folder& folder, std::string_view configuration_name) {
  Signs signs;
  const std::string lock_name = formats::vmware::lock_of(configuration_name);
  for (const storage::Entry& entry : folder.entries) {
    const auto kind = formats::vmware::parse_name(entry.name).kind;
    if (entry.name == lock_name) signs.lock = true;
    if (kind == formats::vmware::NameKind::nfs_lock) signs.nfs_lock = true;
    if (kind == formats::vmware::NameKind::swap) signs.swap = true;
    if (entry.name.starts_with("vmware") && entry.name.ends_with(".log")) signs.log = true;
  }
  return signs;
}

bool swap_elsewhere(const formats::vmx::Configuration& settings, const Tree& tree, const Spot& folder) {
  const auto swap = tree.resolve(folder, settings.swap_file_name);
  return swap && tree.look_up(swap->spot).entry != nullptr;
}

std::string shutdown_evidence(const formats::vmx::Configuration& settings, bool never_ran) {
  if (never_ran) return "never ran: no cleanShutdown key, no vmware.log";
  if (!settings.clean_shutdown) return "no cleanShutdown key, but a vmware.log";
  if (settings.contradicts_itself("cleanShutdown")) return "cleanShutdown stands twice with different values";
  if (!settings.clean_shutdown->value) return "cleanShutdown is neither TRUE nor FALSE";
  return *settings.clean_shutdown->value ? "cleanShutdown is TRUE" : "cleanShutdown is FALSE";
}

}  // namespace

model::Power power_from_files(const formats::vmx::Configuration& settings, const Tree& tree,
                              const Spot& configuration) {
  const Spot where{configuration.place, std::string(parent_of(configuration.path))};
  const Folder* folder = tree.folder(where.place, where.path);
  if (folder == nullptr || folder->error) return {model::PowerState::unknown, {"the folder cannot be listed"}};

  Signs signs = signs_in(*folder, file_name(configuration.path));
  signs.swap = signs.swap || swap_elsewhere(settings, tree, where);
  const bool never_ran = !settings.clean_shutdown && !signs.log;
  const bool locked = signs.lock || signs.nfs_lock;

  model::Power power;
  power.evidence.push_back(shutdown_evidence(settings, never_ran));
  power.evidence.emplace_back(signs.lock       ? "lock file " + formats::vmware::lock_of(file_name(configuration.path))
                              : signs.nfs_lock ? "an NFS lock file (.lck-*) in the folder"
                                               : "no lock file");
  power.evidence.emplace_back(signs.swap ? "a swap file" : "no swap file");
  if (settings.contradicts_itself("checkpoint.vmState")) {
    power.evidence.emplace_back("checkpoint.vmState stands twice with different values");
  } else if (!settings.checkpoint_vm_state.empty()) {
    power.evidence.push_back("suspended state in " + settings.checkpoint_vm_state);
    power.state = locked || signs.swap ? model::PowerState::unknown : model::PowerState::suspended;
  } else if (locked && (signs.swap || is_false(settings.clean_shutdown)) && !is_true(settings.clean_shutdown)) {
    power.state = model::PowerState::on;
    power.evidence.emplace_back("a host that crashed leaves the same files");
  } else if (!locked && !signs.swap && (is_true(settings.clean_shutdown) || never_ran)) {
    power.state = model::PowerState::off;
  }
  return power;
}

}  // namespace cbtctl::discovery
