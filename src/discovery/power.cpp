// Each sign is looked up by itself; the state follows from their sum. Signs that contradict each other make the state
// `unknown`.
#include "discovery/power.h"

#include <string>

#include "discovery/names.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::discovery {
namespace {

using formats::core::file_name;
using formats::core::parent_of;
using model::FileFact;
using model::FileSign;

struct Signs {
  bool lock = false;
  bool nfs_lock = false;
  bool swap = false;
  bool unlisted_swap = false;  // it lies in a folder that could not be listed, if it is there
  bool log = false;
};

void add_sign(const std::string& name, const std::string& lock_name, Signs& signs) {
  const auto kind = formats::vmware::parse_name(name).kind;
  if (name == lock_name) signs.lock = true;
  if (kind == formats::vmware::NameKind::nfs_lock) signs.nfs_lock = true;
  if (kind == formats::vmware::NameKind::swap) signs.swap = true;
  if (name.starts_with("vmware") && name.ends_with(".log")) signs.log = true;
}

Signs signs_in(const Folder& folder, std::string_view configuration_name) {
  Signs signs;
  const std::string lock_name = formats::vmware::lock_of(configuration_name);
  for (const storage::Entry& entry : folder.entries) add_sign(entry.name, lock_name, signs);
  return signs;
}

Lookup swap_elsewhere(const formats::vmx::Configuration& settings, const Tree& tree, const Spot& folder) {
  const auto swap = tree.resolve(folder, settings.swap_file_name);
  return swap ? tree.look_up(swap->spot) : Lookup{};
}

FileFact shutdown_fact(const formats::vmx::Configuration& settings, bool never_ran) {
  if (never_ran) return FileFact::never_ran;
  if (!settings.clean_shutdown) return FileFact::shutdown_not_told;
  if (settings.contradicts_itself("cleanShutdown")) return FileFact::shutdown_contradicts_itself;
  if (!settings.clean_shutdown->value) return FileFact::shutdown_malformed;
  return *settings.clean_shutdown->value ? FileFact::shut_down : FileFact::not_shut_down;
}

FileSign lock_sign(const Signs& signs, std::string_view configuration_name) {
  if (signs.lock) return {FileFact::lock_file, formats::vmware::lock_of(configuration_name)};
  return {signs.nfs_lock ? FileFact::nfs_lock_file : FileFact::no_lock_file};
}

FileSign swap_sign(const formats::vmx::Configuration& settings, const Signs& signs) {
  if (signs.swap) return {FileFact::swap_file};
  if (signs.unlisted_swap) return {FileFact::folder_not_listed, settings.swap_file_name};
  return {FileFact::no_swap_file};
}

model::Power power_from_signs(const formats::vmx::Configuration& settings, const Signs& signs, std::string_view name) {
  const bool never_ran = !settings.clean_shutdown && !signs.log;
  const bool locked = signs.lock || signs.nfs_lock;

  model::Power power;
  power.evidence.emplace_back(FileSign{shutdown_fact(settings, never_ran)});
  power.evidence.emplace_back(lock_sign(signs, name));
  power.evidence.emplace_back(swap_sign(settings, signs));
  if (settings.contradicts_itself("checkpoint.vmState")) {
    power.evidence.emplace_back(FileSign{FileFact::suspended_state_contradicts_itself});
  } else if (!settings.checkpoint_vm_state.empty()) {
    power.evidence.emplace_back(FileSign{FileFact::suspended_state, settings.checkpoint_vm_state});
    power.state = locked || signs.swap ? model::PowerState::unknown : model::PowerState::suspended;
  } else if (locked && (signs.swap || is_false(settings.clean_shutdown)) && !is_true(settings.clean_shutdown)) {
    power.state = model::PowerState::on;
    power.evidence.emplace_back(FileSign{FileFact::may_have_crashed});
  } else if (!locked && !signs.swap && !signs.unlisted_swap && (is_true(settings.clean_shutdown) || never_ran)) {
    power.state = model::PowerState::off;
  }
  return power;
}

}  // namespace

model::Power power_from_files(const formats::vmx::Configuration& settings, const Tree& tree,
                              const Spot& configuration) {
  const Spot where{configuration.place, std::string(parent_of(configuration.path))};
  const Folder* folder = tree.folder(where.place, where.path);
  if (folder == nullptr || folder->error) return {model::PowerState::unknown, {FileSign{FileFact::folder_not_listed}}};

  const std::string_view name = file_name(configuration.path);
  Signs signs = signs_in(*folder, name);
  const Lookup swap = swap_elsewhere(settings, tree, where);
  signs.swap = signs.swap || swap.entry != nullptr;
  signs.unlisted_swap = swap.error.has_value();
  return power_from_signs(settings, signs, name);
}

model::Power power_from_names(const formats::vmx::Configuration& settings, const std::vector<std::string>& names,
                              std::string_view configuration_name, bool swaps_elsewhere) {
  Signs signs{.swap = swaps_elsewhere};
  const std::string lock_name = formats::vmware::lock_of(configuration_name);
  for (const std::string& name : names) add_sign(name, lock_name, signs);
  return power_from_signs(settings, signs, configuration_name);
}

}  // namespace cbtctl::discovery
