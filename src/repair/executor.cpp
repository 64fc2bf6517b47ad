// Carrying out: a fresh look must lead to the very same plan; what will be needed is written beside the files, the
// folders are locked, all of it is synced; then step by step, each phase synced before the next; then a fresh look must
// show what was promised. Taking back: the machine must provably not have run, then the steps in reverse.
#include "repair/executor.h"

#include <algorithm>
#include <map>

#include "repair/guards.h"
#include "repair/may_go_back.h"
#include "repair/reload.h"
#include "repair/reverse.h"
#include "repair/standing.h"
#include "repair/trace.h"
#include "repair/tracking.h"

namespace cbtctl::repair {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Status;
using formats::core::success;

// Takes the lock, or says why not.
std::optional<MachineResult> begin(const Workplace& place) {
  Status status = place.enter();
  if (status) status = lock(place);
  if (status) return std::nullopt;
  place.leave();
  place.remove_if_empty();
  if (status.error().kind == ErrorKind::in_use) return refused(place.machine, Reason::locked, status.error().message);
  return result_of(place.machine, Outcome::failed, status.error().message);
}

// Of a refusal that an error makes.
Reason reason_of(const Error& error) {
  if (error.kind == ErrorKind::changed || error.kind == ErrorKind::missing) return Reason::changed_meanwhile;
  return error.kind == ErrorKind::in_use ? Reason::locked : Reason::unreadable;
}

class Execution {
 public:
  Execution(const Plan& plan, const MachinePlan& machine, const Means& means)
      : plan_(plan),
        machine_(machine),
        sites_(sites_of(machine, means.sites)),
        means_(means),
        place_{plan.id, machine_, sites_} {}

  MachineResult carry_out() {
    const model::Datastore now = means_.look(machine_);
    if (auto objection = object(now)) return *objection;
    if (const Status sealed = seal(machine_, sites_); !sealed)
      return refuse(reason_of(sealed.error()), sealed.error().message);
    Status status = note(name_of(StepKind::begin));
    if (!status) return result_of(machine_, Outcome::failed, status.error().message);
    if (auto not_begun = begin(place_)) return ended(*not_begun);
    status = place_.together([&] {
      const Status prepared = place_.prepare(plan_);
      return prepared ? place_.sync() : prepared;
    });
    if (!status) return rolled_back(status.error(), now);
    look_at_standing(place_);
    if (const Status whole = check_whole(); !whole) return leave(reason_of(whole.error()), whole.error().message);
    if (const auto left = left_alone(now)) return leave(Reason::not_a_ctk_file, *left);
    if (const auto ran = ran_since(place_)) return leave(Reason::changed_meanwhile, *ran);
    status = steps();
    if (status) look_at_standing(place_);
    if (status) status = check_done(place_);
    if (status) status = reload(machine_, now, sites_, is_on_after(machine_));
    if (!status) return rolled_back(status.error(), now);
    machine_.end = end_of(place_);
    return prove();
  }

 private:
  Status note(std::string_view what) const {
    return means_.journal.append({.vm = machine_.vm, .what = std::string(what)});
  }

  [[nodiscard]] MachineResult ended(MachineResult result) const {
    static_cast<void>(note(name_of(result.outcome)));
    return result;
  }
  MachineResult ended(Outcome outcome, const std::string& message = {}) const {
    return ended(result_of(machine_, outcome, message));
  }
  [[nodiscard]] MachineResult refuse(Reason reason, const std::string& message) const {
    return ended(refused(machine_, reason, message));
  }
  // Before the first change: all is as it was found.
  [[nodiscard]] MachineResult leave(Reason reason, const std::string& message) const {
    vanish(place_);
    return refuse(reason, message);
  }

  // The guards, and whether the plan still is what it would be.
  [[nodiscard]] std::optional<MachineResult> object(const model::Datastore& now) const {
    const auto again = plan_again(machine_, plan_.verb, now, sites_);
    if (const auto* objection = std::get_if<Refusal>(&again)) return refuse(objection->reason, objection->message);
    const auto differs = difference(machine_, std::get<MachinePlan>(again));
    if (differs) return refuse(Reason::changed_meanwhile, *differs);
    return std::nullopt;
  }

  // Nothing was changed, and what was kept is what it should be.
  [[nodiscard]] Status check_whole() const {
    if (const Status untouched = check_untouched(place_); !untouched) return untouched;
    for (const Watched& watched : machine_.watched) {
      const auto now = place_.digest_at(watched.spot);
      if (!now) return now.error();
      if (*now != watched.sha256)
        return Error{ErrorKind::changed, watched.spot.path + ": was changed by somebody else"};
    }
    for (const auto& [spot, contents] : contents_of(machine_)) {
      const auto kept = place_.digest_at(place_.kept(spot));
      if (!kept) return kept.error();
      const bool is_new = contents.digests.front().empty();  // then its new content is kept
      if (*kept != (is_new ? contents.digests.back() : contents.digests.front()))
        return Error{ErrorKind::changed, spot.path + ": was changed by somebody else"};
    }
    return success();
  }

  // Each file that goes is asked for once more, now that nobody else may change what cbtctl changes.
  [[nodiscard]] std::optional<std::string> left_alone(const model::Datastore& now) const {
    for (const Change& change : machine_.changes) {
      if (change.kind != ChangeKind::quarantine) continue;
      const Spot& spot = change.spot;
      const auto facts = facts_now(now, spot.root, spot.path, role_of(machine_, change), place_.writer(spot));
      if (!facts) return facts.error().message;
      if (const auto why = analysis::tracking_file_verdict(*facts))
        return spot.path + ": " + analysis::in_words(*why, *facts);
    }
    return std::nullopt;
  }

  // Each phase is read back and lasts before the next begins.
  [[nodiscard]] Status steps() const {
    for (const Phase phase : {Phase::keys_off, Phase::tracking, Phase::keys_on}) {
      if (const Status off = phase == Phase::keys_on ? check_off() : success(); !off) return off;
      if (const Status done = place_.together([&] { return steps_of(phase); }); !done) return done;
    }
    return success();
  }

  // Right before a key turns TRUE.
  [[nodiscard]] Status check_off() const {
    const auto turns_on = [](const Change& change) { return change.phase == Phase::keys_on; };
    if (std::none_of(machine_.changes.begin(), machine_.changes.end(), turns_on)) return success();
    const auto runs = refuse_power(machine_, means_.look(machine_));
    return runs ? Status(Error{ErrorKind::changed, "it is not proven off any more: " + runs->message}) : success();
  }

  [[nodiscard]] Status steps_of(Phase phase) const {
    std::map<Spot, std::string> expected;
    bool any = false;
    for (std::size_t i = 0; i < machine_.changes.size(); ++i) {
      const Change& change = machine_.changes[i];
      if (change.phase != phase) continue;
      if (const Status stepped = step(i); !stepped) return stepped;
      if (change.kind != ChangeKind::quarantine) expected[change.spot] = change.sha256_after;
      any = true;
    }
    for (const auto& [spot, digest] : expected) {
      if (const Status read_back = place_.writer(spot).expect(spot.path, digest); !read_back) return read_back;
    }
    return any ? place_.sync() : success();
  }

  [[nodiscard]] Status step(std::size_t i) const {
    const Change& change = machine_.changes[i];
    const Status noted = means_.journal.append({.vm = machine_.vm,
                                                .what = std::string(name_of(change.kind)),
                                                .path = change.spot.path,
                                                .description = change.description,
                                                .sha256_before = change.sha256_before,
                                                .sha256_after = change.sha256_after});
    if (!noted) return noted;
    storage::Writer& writer = place_.writer(change.spot);
    if (change.kind == ChangeKind::create) return writer.move(place_.waiting(i).path, change.spot.path);
    // What goes is byte for byte what was judged, and what is replaced nobody has changed since.
    const Status same = writer.expect(change.spot.path, change.sha256_before);
    if (!same) return same;
    return change.kind == ChangeKind::edit ? writer.replace(place_.waiting(i).path, change.spot.path)
                                           : writer.move(change.spot.path, place_.kept(change.spot).path);
  }

  // Of a machine that was powered on meanwhile nothing is touched any more: the lock stays, and the next verb that
  // writes goes on when it is off.
  [[nodiscard]] MachineResult prove() const {
    const model::Datastore now = means_.look(machine_);
    if (const auto runs = refuse_power(machine_, now))
      return ended(Outcome::failed, "it is not proven off any more: " + runs->message);
    if (const auto broken = broken_promise(machine_, now)) return rolled_back({ErrorKind::changed, *broken}, now);
    if (!machine_.end.empty()) static_cast<void>(place_.record_end(plan_));  // without it undo refuses
    if (const Status noted = note(name_of(Outcome::changed)); !noted) return rolled_back(noted.error(), now);
    unlock(place_);
    return result_of(machine_, Outcome::changed);
  }

  [[nodiscard]] MachineResult rolled_back(const Error& why, const model::Datastore& now) const {
    GoneBack back = reverse(place_, means_.journal, means_.look);
    if (back.refusal && !back.stopped && back.refusal->reason == Reason::would_be_tracked)
      stay_off(place_, *back.refusal);
    if (back.refusal)
      return ended(Outcome::failed, why.message + "; and it may not be rolled back: " + back.refusal->message +
                                        "; it stays locked, and the next verb that writes goes on");
    Status status = back.error ? Status(*back.error) : success();
    if (status) status = reload(machine_, now, sites_, is_on_before(machine_));
    if (!status) {
      return ended(Outcome::failed, why.message + "; and it could not be rolled back: " + status.error().message +
                                        "; the next verb that writes tries again");
    }
    vanish(place_);
    return ended(Outcome::rolled_back, why.message);
  }

  const Plan& plan_;
  MachinePlan machine_;
  std::vector<Site> sites_;
  const Means& means_;
  Workplace place_;
};

// The operator's own plan was written before the run; its end is in the copy on the datastore.
MachinePlan with_end(const Plan& plan, MachinePlan machine, const std::vector<Site>& sites) {
  const Workplace place{plan.id, machine, sites};
  if (!machine.end.empty() || end_of(place).empty()) return machine;
  const Spot copy = place.plan_copy(place.folders().front());
  const auto text = place.writer(copy).read(copy.path);
  const auto found = text ? plan_from_text(*text) : formats::core::Result<Plan>(text.error());
  if (found && found->machines.size() == 1) machine.end = found->machines.front().end;
  return machine;
}

// Where a disk lies that 0.1.0 took for a CTK file: a machine that was powered on without it looks as if it had run.
std::string data_left_aside(const Workplace& place, const model::Datastore& now) {
  std::string told;
  for (const Change& change : place.machine.changes) {
    const Spot& spot = change.spot;
    const std::string kept = place.kept(spot).path;
    if (change.kind != ChangeKind::quarantine || !place.exists(place.kept(spot))) continue;
    auto facts = facts_now(now, spot.root, spot.path, role_of(place.machine, change), place.writer(spot), kept);
    if (!facts) continue;
    facts->other_user.clear();
    if (analysis::tracking_file_verdict(*facts)) told += "; " + kept + " is no CTK file, but " + spot.path;
  }
  return told;
}

std::optional<Refusal> object_to_take_back(const Workplace& place, const model::Datastore& now) {
  if (auto objection = may_go_back(place, now)) {
    objection->message += data_left_aside(place, now);
    return objection;
  }
  if (const Status done = check_done(place); !done)
    return Refusal{place.machine.vm, reason_of(done.error()), done.error().message};
  return std::nullopt;
}

}  // namespace

MachineResult result_of(const MachinePlan& machine, Outcome outcome, std::string message,
                        std::optional<Reason> reason) {
  return {.vm = machine.vm,
          .outcome = outcome,
          .reason = reason,
          .message = std::move(message),
          .follow_up = {},
          .target = machine.roots.front().target,
          .name = machine.name};
}

MachineResult refused(const MachinePlan& machine, Reason reason, std::string message) {
  return result_of(machine, Outcome::refused, std::move(message), reason);
}

MachineResult carry_out(const Plan& plan, const MachinePlan& machine, const Means& means) {
  return Execution(plan, machine, means).carry_out();
}

std::optional<Refusal> refuse_take_back(const Plan& plan, const MachinePlan& planned,
                                        const std::vector<Site>& by_target, const model::Datastore& now) {
  const auto sites = sites_of(planned, by_target);
  const MachinePlan machine = with_end(plan, planned, sites);
  return object_to_take_back({plan.id, machine, sites}, now);
}

MachineResult take_back(const Plan& plan, const MachinePlan& planned, const Means& means) {
  const auto sites = sites_of(planned, means.sites);
  const MachinePlan machine = with_end(plan, planned, sites);
  const Workplace place{plan.id, machine, sites};
  const model::Datastore now = means.look(machine);
  if (const auto objection = object_to_take_back(place, now))
    return refused(machine, objection->reason, objection->message);
  if (auto not_begun = begin(place)) return *not_begun;
  if (const auto later = refuse_out_of_order(place)) {  // asked before the lock too, and one may have ended in between
    unlock(place);
    return refused(machine, later->reason, later->message);
  }
  static_cast<void>(place.take_over());  // whoever was at work in this run before, and could not take its name away
  Status status = means.journal.append({.vm = machine.vm, .what = std::string(name_of(StepKind::taking_back))});
  const GoneBack back =
      status ? reverse(place, means.journal, means.look) : GoneBack{.refusal = {}, .error = status.error()};
  if (back.refusal && !back.stopped) unlock(place);
  if (back.refusal && !back.stopped) return refused(machine, back.refusal->reason, back.refusal->message);
  if (back.refusal)
    return result_of(
        machine, Outcome::failed,
        "it was put off again: " + back.refusal->message + "; it stays locked, and the next verb that writes goes on");
  if (back.error)
    return result_of(machine, Outcome::failed, back.error->message + "; the next verb that writes goes on");
  // Under the lock still: who is stopped from here on leaves a history that is right, or a lock.
  static_cast<void>(means.journal.append({.vm = machine.vm, .what = std::string(name_of(Outcome::restored))}));
  vanish(place);
  MachineResult result = result_of(machine, Outcome::restored);
  if (const Status told = reload(machine, now, sites, is_on_before(machine)); !told)
    result.follow_up.push_back("the host did not read the configuration again: " + told.error().message);
  return result;
}

}  // namespace cbtctl::repair
