#include "repair/reload.h"

#include <algorithm>

#include "formats/text/document.h"
#include "host/states.h"
#include "repair/edits.h"
#include "repair/guards.h"

namespace cbtctl::repair {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Status;
using formats::core::success;

bool is_of_configuration(const MachinePlan& machine, const Change& change) {
  return change.kind == ChangeKind::edit && change.spot.root == 0 && change.spot.path == machine.vm;
}

bool says_on(const std::string& text) { return is_flag_on(formats::text::Document::decode(text), "ctkEnabled"); }

std::vector<model::Registration> registrations_of(const MachinePlan& machine, const model::Datastore& now) {
  const model::VirtualMachine* found = find_machine(now, machine.vm);
  return found != nullptr && found->registrations ? *found->registrations : std::vector<model::Registration>{};
}

}  // namespace

bool edits_configuration(const MachinePlan& machine) {
  return std::any_of(machine.changes.begin(), machine.changes.end(),
                     [&](const Change& change) { return is_of_configuration(machine, change); });
}

bool is_on_before(const MachinePlan& machine) {
  for (const Change& change : machine.changes) {
    if (is_of_configuration(machine, change)) return says_on(change.content_before);
  }
  return false;
}

bool is_on_after(const MachinePlan& machine) {
  for (auto change = machine.changes.rbegin(); change != machine.changes.rend(); ++change) {
    if (is_of_configuration(machine, *change)) return says_on(change->content_after);
  }
  return false;
}

Status reload(const MachinePlan& machine, const model::Datastore& now, const std::vector<Site>& sites, bool is_on) {
  if (!edits_configuration(machine)) return success();
  for (const model::Registration& registration : registrations_of(machine, now)) {
    const auto& commands = sites[registration.target].commands;
    if (!commands) continue;
    const auto told = host::reload(*commands, registration.id);
    if (!told) return told.error().in("vim-cmd vmsvc/reload " + registration.id);
    if (*told && **told != is_on)
      return Error{ErrorKind::changed, "the host still has CBT " + std::string(is_on ? "off" : "on") +
                                           " for its machine " + registration.id + " after vim-cmd vmsvc/reload"};
  }
  return success();
}

}  // namespace cbtctl::repair
