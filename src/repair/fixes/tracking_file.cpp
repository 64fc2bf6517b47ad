// A CTK file that is missing or cannot be right: the disk's tracking starts anew.
#include <algorithm>

#include "repair/fix.h"

namespace cbtctl::repair {

void restart(const FixSubject& subject, Intent& intent) {
  const auto& disks = subject.machine.disks;
  const auto disk = std::find_if(disks.begin(), disks.end(),
                                 [&](const model::Disk& each) { return each.settings.slot == subject.finding.slot; });
  if (disk == disks.end()) return;
  DiskIntent& wanted = intent.disks[disk->settings.slot];
  wanted.strip = true;
  const formats::vmx::Configuration& settings = subject.machine.settings;
  if (is_true(settings.ctk_disallowed)) return;  // nothing starts, and its keys may stay
  if (is_true(settings.ctk_enabled) && is_true(disk->settings.ctk_enabled)) wanted.key = true;
}

}  // namespace cbtctl::repair
