#include "repair/objections.h"

#include <algorithm>

#include "analysis/catalogue.h"
#include "analysis/cbt_state.h"
#include "repair/fix.h"
#include "repair/guards.h"
#include "repair/outlook.h"
#include "repair/tracking.h"
#include "repair/unnamed.h"

namespace cbtctl::repair {
namespace {

using analysis::CbtState;
using analysis::Finding;

CbtState state_before(const model::Datastore& datastore, const model::VirtualMachine& machine,
                      const std::string& slot) {
  for (const model::Disk& disk : machine.disks) {
    if (disk.settings.slot == slot) return analysis::judge(datastore, machine, disk).state;
  }
  return CbtState::unreadable;
}

// As the planner asks.
std::optional<Refusal> refuse_change(const Users& users, const model::VirtualMachine& machine, Intent intent) {
  const model::Datastore& datastore = users.datastore();
  Request request;
  request.verb = Verb::repair;
  if (auto objection = refuse_machine(datastore, machine, request)) return objection;
  if (auto objection = refuse_duplicates(datastore, machine, intent)) return objection;
  return refuse_intent(users, machine, with_consequences(datastore, machine, machine, std::move(intent)));
}

Intent intent_of(const model::Datastore& datastore, const Finding& finding, std::optional<analysis::Option> option) {
  Intent intent;
  for (const Fix& fix : fixes()) {
    if (fix.code == finding.code)
      fix.add({datastore, datastore.virtual_machines[*finding.machine], finding, option}, intent);
  }
  return intent;
}

// A safe fix has one way.
std::vector<std::optional<analysis::Option>> ways_of(const Finding& finding) {
  if (finding.fix == analysis::Fix::safe) return {std::nullopt};
  std::vector<std::optional<analysis::Option>> ways;
  for (const std::string& option : options_of(analysis::row_of(finding.code)))
    ways.push_back(analysis::option_from(option));
  return ways;
}

std::optional<Refusal> refuse_clean(const Users& users, const Finding& finding) {
  const auto* tracking = tracking_at(users.datastore(), finding.target, finding.path);
  return tracking == nullptr ? std::nullopt : refuse_users(users, users.datastore().files[tracking->file], {});
}

}  // namespace

Intent with_consequences(const model::Datastore& datastore, const model::VirtualMachine& machine,
                         const model::VirtualMachine& settled, Intent intent) {
  const Outlook outlook(settled, intent);
  const bool leaves_off = intent.touches_tracking() && !outlook.is_machine_on();
  for (const model::Disk& disk : settled.disks) {
    const std::string& slot = disk.settings.slot;
    if (leaves_off && (names_tracking(datastore, disk) || has_unseen_link(datastore, disk) || !disk.chain.front().own))
      intent.disks[slot].strip = true;
    const CbtState before = state_before(datastore, machine, slot);
    const bool unread = before == CbtState::unreadable;
    if (!intent.vm_key && !intent.disks.contains(slot) && !unread) continue;
    if (!outlook.is_on(disk.settings)) {
      if (unread && names_tracking(datastore, disk)) intent.disks[slot].strip = true;
      continue;
    }
    DiskIntent& wanted = intent.disks[slot];
    if (before != CbtState::tracked) wanted.strip = true;
    if (wanted.strip && !outlook.is_disallowed()) wanted.key = true;
    if (!wanted.strip && !wanted.key) intent.disks.erase(slot);
  }
  return intent;
}

std::optional<Refusal> refuse_intent(const Users& users, const model::VirtualMachine& settled, const Intent& intent) {
  if (!intent.touches_tracking()) return std::nullopt;
  const Outlook outlook(settled, intent);
  std::vector<const model::Disk*> touched;
  bool goes_on = false;
  for (const model::Disk& disk : settled.disks) {
    if (!outlook.is_touched(disk)) continue;
    touched.push_back(&disk);
    goes_on |= outlook.is_on(disk.settings) && outlook.is_set_on(disk);
  }
  if (auto objection = refuse_tracking(users, settled, touched)) return objection;
  if (goes_on && outlook.is_disallowed())
    return refusal(users.datastore(), settled, Reason::disallowed, "ctkDisallowed is TRUE");
  return std::nullopt;
}

std::vector<Reason> reasons_against(const Users& users, const Finding& finding) {
  if (finding.fix == analysis::Fix::none) return {};
  if (is_about_unnamed(finding)) {
    const auto objection = refuse_clean(users, finding);
    return objection ? std::vector{objection->reason} : std::vector<Reason>{};
  }
  if (!finding.machine) return {Reason::power_unknown};  // nothing proves that it is at rest
  const model::Datastore& datastore = users.datastore();
  std::vector<Reason> reasons;
  for (const auto option : ways_of(finding)) {
    const auto objection =
        refuse_change(users, datastore.virtual_machines[*finding.machine], intent_of(datastore, finding, option));
    if (!objection) return {};
    if (std::find(reasons.begin(), reasons.end(), objection->reason) == reasons.end())
      reasons.push_back(objection->reason);
  }
  return reasons;
}

}  // namespace cbtctl::repair
