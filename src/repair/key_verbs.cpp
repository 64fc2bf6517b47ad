// Each verb asks the disks one by one; a machine is left as it is where no disk needs anything.
#include "repair/key_verbs.h"

#include <algorithm>

#include "analysis/cbt_state.h"
#include "repair/tracking.h"

namespace cbtctl::repair {
namespace {

using analysis::CbtState;

struct Candidate {
  std::string slot;
  CbtState state;
  bool vm_key = false;
  bool key = false;
  bool own = false;       // an own link: else it is another machine's
  bool excluded = false;  // its key is FALSE
  bool traces = false;    // a CTK line, or a CTK file where the next one must go
  bool on_delta = false;  // of its own: there nothing may start
  [[nodiscard]] bool is_trackable() const { return own && state != CbtState::unsupported; }
  [[nodiscard]] bool is_on() const { return vm_key && key; }
  // It starts anew at the next power-on as it is.
  [[nodiscard]] bool stands_free() const { return state == CbtState::pending && !traces && !on_delta; }
};

std::vector<Candidate> candidates_of(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                     const Request& request) {
  std::vector<Candidate> candidates;
  for (const model::Disk& disk : machine.disks) {
    if (!request.has_slot(disk.settings.slot)) continue;
    candidates.push_back({.slot = disk.settings.slot,
                          .state = analysis::judge(datastore, machine, disk).state,
                          .vm_key = is_true(machine.settings.ctk_enabled),
                          .key = is_true(disk.settings.ctk_enabled),
                          .own = disk.chain.front().own,
                          .excluded = is_false(disk.settings.ctk_enabled),
                          .traces = names_tracking(datastore, disk) || has_default_tracking(datastore, disk),
                          .on_delta = disk.chain.size() > 1 && disk.chain[1].own});
  }
  return candidates;
}

Wish enable(const std::vector<Candidate>& disks) {
  Wish wish;
  bool any = false;
  bool tracked = false;
  for (const Candidate& disk : disks) {
    tracked |= disk.state == CbtState::tracked;
    if (disk.state == CbtState::tracked || disk.stands_free()) continue;
    if (disk.is_trackable()) {
      wish.intent.disks[disk.slot] = {.key = true, .strip = true};
      any = true;
    } else if (disk.key || disk.traces) {
      wish.intent.disks[disk.slot] = {.key = false, .strip = true};
    }
  }
  wish.intent.vm_key = true;
  if (any) return wish;
  wish.none_fits = std::none_of(disks.begin(), disks.end(), [](const auto& disk) { return disk.is_trackable(); });
  wish.unchanged = tracked ? "CBT is on already" : "CBT is on already, tracking starts at the next power-on";
  return wish;
}

Wish disable(const std::vector<Candidate>& disks, bool whole_machine) {
  Wish wish;
  bool any = false;
  for (const Candidate& disk : disks) {
    wish.intent.disks[disk.slot] = {.key = false, .strip = true};
    any |= disk.key || disk.traces || (disk.vm_key && (whole_machine || !disk.excluded));
  }
  if (whole_machine) wish.intent.vm_key = false;
  if (!any) wish.unchanged = "CBT is off already";
  return wish;
}

Wish reset(const std::vector<Candidate>& disks, bool whole_machine) {
  Wish wish;
  bool any = false;
  bool starts_anew = false;
  for (const Candidate& disk : disks) {
    starts_anew |= disk.stands_free();
    if (disk.stands_free()) continue;
    if (disk.is_on()) {
      wish.intent.disks[disk.slot] = {.key = disk.is_trackable(), .strip = true};
      any |= disk.is_trackable();
      wish.none_fits |= !disk.is_trackable();
    } else if (disk.traces && whole_machine) {
      wish.intent.disks[disk.slot] = {.key = std::nullopt, .strip = true};  // as disable does; its key was not TRUE
    }
  }
  if (whole_machine) wish.intent.vm_key = true;
  wish.none_fits &= !any && !starts_anew;
  if (!any)
    wish.unchanged = starts_anew ? "tracking starts anew at the next power-on as it is" : "CBT is off here; use enable";
  return wish;
}

}  // namespace

Wish wish_of(const model::Datastore& datastore, const model::VirtualMachine& machine, const Request& request) {
  const auto disks = candidates_of(datastore, machine, request);
  if (request.verb == Verb::enable) return enable(disks);
  if (request.verb == Verb::disable) return disable(disks, request.whole_machine);
  return reset(disks, request.whole_machine);
}

}  // namespace cbtctl::repair
