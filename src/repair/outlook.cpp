#include "repair/outlook.h"

#include <algorithm>
#include <optional>

namespace cbtctl::repair {

using model::CbtState;

bool Outlook::is_stripped(const model::Disk& disk) const {
  const auto found = intent_.disks.find(disk.settings.slot);
  return found != intent_.disks.end() && found->second.strip;
}

bool Outlook::some_stays() const {
  return std::any_of(machine_.disks.begin(), machine_.disks.end(),
                     [&](const model::Disk& disk) { return is_true(disk.settings.ctk_enabled) && !is_stripped(disk); });
}

bool Outlook::is_machine_on() const { return intent_.vm_key.value_or(is_true(machine_.settings.ctk_enabled)); }

bool Outlook::is_on(const formats::vmx::Disk& disk) const {
  const auto found = intent_.disks.find(disk.slot);
  const bool is_on = is_true(disk.ctk_enabled);
  return is_machine_on() && (found == intent_.disks.end() ? is_on : found->second.key.value_or(is_on));
}

bool Outlook::is_set_on(const model::Disk& disk) const {
  const auto found = intent_.disks.find(disk.settings.slot);
  return intent_.vm_key == true || (found != intent_.disks.end() && found->second.key == true);
}

bool Outlook::is_disallowed() const {
  const auto flag = intent_.flags.find("ctkDisallowed");
  return flag != intent_.flags.end() ? flag->second : is_true(machine_.settings.ctk_disallowed);
}

model::CbtState Outlook::state_without_tracking(const formats::vmx::Disk& disk) const {
  if (is_disallowed()) return CbtState::off;
  if (is_on(disk)) return CbtState::pending;
  const auto found = intent_.disks.find(disk.slot);
  const auto key = found != intent_.disks.end() && found->second.key ? found->second.key
                   : disk.ctk_enabled                                ? disk.ctk_enabled->value
                                                                     : std::nullopt;
  const bool half = is_machine_on() ? !key : key == true;
  return half ? CbtState::partial : CbtState::off;
}

}  // namespace cbtctl::repair
