// One question decides: may the machine have run since? Where it provably has not, the steps are taken back by the same
// walk that undo uses. Where it may have, no old CTK file comes back: the intent is planned anew from what is found,
// and its steps repeat whatever was done before.
#include "repair/recovery.h"

#include <algorithm>
#include <tuple>

#include "formats/core/path.h"
#include "repair/belief.h"
#include "repair/guards.h"
#include "repair/may_go_back.h"
#include "repair/reload.h"
#include "repair/reverse.h"
#include "repair/standing.h"
#include "repair/trace.h"

namespace cbtctl::repair {
namespace {

using formats::core::file_name;
using formats::core::join;
using formats::core::parent_of;
using formats::core::Status;

MachineResult told(const Unfinished& unfinished, Outcome outcome, std::string message,
                   std::optional<Reason> reason = {}) {
  return {.vm = join(unfinished.folder.path, unfinished.vm_name),
          .outcome = outcome,
          .reason = reason,
          .message = std::move(message),
          .follow_up = {},
          .target = unfinished.folder.root};
}

// Without a plan: either it never was complete, and then nothing was changed, or it was damaged since.
MachineResult recover_blindly(const Unfinished& unfinished, storage::Writer& writer, bool taken_over) {
  if (unfinished.run.empty() && !taken_over)
    return told(unfinished, Outcome::refused, unfinished.folder.path + "/.cbtctl/lock names no run", Reason::locked);
  if (remove_untouched(unfinished, writer))
    return told(unfinished, Outcome::rolled_back, "an earlier run was stopped before its first change");
  return told(unfinished, Outcome::failed,
              "the plan of run " + unfinished.run + " cannot be read; what it moved lies in " +
                  run_folder_of(unfinished.folder.path, unfinished.run));
}

class Recovery {
 public:
  Recovery(const Plan& plan, const MachinePlan& machine, const std::vector<Site>& sites, const Look& look,
           bool taken_over, bool only_tidies)
      : plan_(plan),
        machine_(machine),
        by_target_(sites),
        sites_(sites_of(machine, sites)),
        look_(look),
        taken_over_(taken_over),
        only_tidies_(only_tidies),
        place_{plan_.id, machine_, sites_},
        whole_journal_(reopen_journal(plan.id)),
        journal_(*whole_journal_, machine) {}

  // What `run` would do.
  [[nodiscard]] Prospect foresee() const {
    const model::Datastore now = look_(machine_);
    if (const auto objection = refuse_power(machine_, now))
      return {machine_.vm, false, objection->reason, stopped_and(*objection)};
    look_at_standing(place_);
    if (only_tidies_ || !has_begun(place_))
      return will("nothing was changed yet; its lock and what it prepared are taken away");
    if (check_done(place_) && !broken_promise(machine_, now, true))
      return will("all its changes were made; it is closed");
    const auto ran = ran_since(place_);
    const Status known = check_known(place_);
    const auto refusal = !ran && known ? may_go_back(place_, now) : std::nullopt;
    if (!ran && known && !refusal) return will("its files become what they were");
    if (refusal) return will(refusal->message + "; what it wanted is planned anew and finished");
    return will((ran ? *ran : known.error().message) + "; what it wanted is planned anew and finished");
  }

  MachineResult run() {
    now_ = look_(machine_);
    if (const auto objection = refuse_power(machine_, now_))
      return refused(machine_, objection->reason, stopped_and(*objection));
    if (const Status claimed = claim(place_, taken_over_); !claimed)
      return refused(machine_, Reason::locked, claimed.error().message);
    look_at_standing(place_);
    if (only_tidies_ || !has_begun(place_)) return ended("it had not made its first change");
    if (check_done(place_) && !broken_promise(machine_, now_, true)) return finished("it had made all its changes");
    const auto ran = ran_since(place_);
    const Status known = check_known(place_);
    if (!ran && known) return back();
    return forward(ran ? *ran : known.error().message);
  }

 private:
  [[nodiscard]] std::string stopped_and(const Refusal& objection) const {
    return "run " + plan_.id + " was stopped here, and " + objection.message;
  }
  [[nodiscard]] Prospect will(const std::string& what) const {
    return {machine_.vm, true, std::nullopt, "run " + plan_.id + " was stopped here: " + what};
  }

  MachineResult finished(const std::string& how) {
    static_cast<void>(journal_.append({.vm = machine_.vm, .what = std::string(name_of(Outcome::changed))}));
    place_.remove_waiting();
    unlock(place_);
    return told(Outcome::changed, how, is_on_after(machine_));
  }

  MachineResult back() {
    const GoneBack gone = reverse(place_, journal_, look_);
    if (gone.refusal) return instead(*gone.refusal);
    if (gone.error)
      return result_of(machine_, Outcome::failed, gone.error->message + "; the next verb that writes tries again");
    return ended("it was taken back");
  }

  // There is no way back: forward, unless it may run.
  MachineResult instead(const Refusal& refusal) {
    now_ = look_(machine_);
    if (const auto objection = refuse_power(machine_, now_))
      return refused(machine_, objection->reason, stopped_and(*objection));
    return forward(refusal.message);
  }

  MachineResult ended(const char* how) {
    vanish(place_);
    static_cast<void>(journal_.append({.vm = machine_.vm, .what = std::string(name_of(Outcome::rolled_back))}));
    return told(Outcome::rolled_back, how, is_on_before(machine_));
  }

  // With what the hosts were told of it.
  MachineResult told(Outcome outcome, const std::string& how, bool is_on) {
    MachineResult result = result_of(machine_, outcome, "run " + plan_.id + " had been stopped: " + how);
    if (const Status reloaded = reload(machine_, now_, sites_, is_on); !reloaded)
      result.follow_up.push_back("the host did not read the configuration again: " + reloaded.error().message);
    return result;
  }

  // Goes on under the locks of the stopped run, as a run of its own.
  MachineResult forward(const std::string& why) {
    const std::string story = "run " + plan_.id + " had been stopped, and " + why;
    if (!broken_promise(machine_, now_, true)) return finished(why + "; it is as promised");
    auto again = plan_again(machine_, plan_.verb, now_, sites_);
    if (const auto* objection = std::get_if<Refusal>(&again))
      return refused(machine_, objection->reason, story + "; " + objection->message);
    MachinePlan rest = std::move(std::get<MachinePlan>(again));
    if (rest.changes.empty()) return finished(why + "; nothing was left to do");
    for (Root& root : rest.roots) root.target = target_of(root);
    const std::string newest = std::max({plan_.id, newest_recorded(), newest_run(place_)});
    Plan plan{.id = new_run_id(newest), .verb = plan_.verb, .machines = {rest}};
    plan.owner = this_owner();
    number_machines(plan);
    auto journal = create_journal(plan);
    if (!journal) return result_of(machine_, Outcome::failed, journal.error().message);
    MachineJournal own(**journal, plan.machines.front());
    MachineResult result = carry_out(plan, plan.machines.front(), {by_target_, own, look_});
    result.message = story + (result.message.empty() ? "" : "; " + result.message);
    if (result.outcome != Outcome::changed) return result;
    result.message += "; finished as run " + plan.id;
    static_cast<void>(finished("run " + plan.id + " finished it"));
    return result;
  }

  // plan_again numbers the roots anew; they are those of the machine.
  [[nodiscard]] model::Index target_of(const Root& root) const {
    for (const Root& each : machine_.roots) {
      if (each.location == root.location) return each.target;
    }
    return root.target;
  }

  const Plan& plan_;
  const MachinePlan& machine_;
  const std::vector<Site>& by_target_;
  std::vector<Site> sites_;
  const Look& look_;
  bool taken_over_ = false;
  bool only_tidies_ = false;  // its plan is not believed, and all files are what they were
  Workplace place_;
  std::unique_ptr<Journal> whole_journal_;
  MachineJournal journal_;
  model::Datastore now_;
};

// The trailing components that both have: "a/vm/x" and "b/vm/x" share 2.
std::size_t shared_tail(std::string a, std::string b) {
  std::size_t count = 0;
  while (!a.empty() && !b.empty() && file_name(a) == file_name(b)) {
    a = parent_of(a);
    b = parent_of(b);
    ++count;
  }
  return count;
}

std::string without_tail(std::string path, std::size_t count) {
  for (; count > 0; --count) path = parent_of(path);
  return path;
}

// "old/..." becomes "now/..."; false where the path is not below `old`.
bool rebase(std::string& path, const std::string& old, const std::string& now) {
  if (!old.empty() && path != old && !path.starts_with(old + "/")) return false;
  const std::string rest = old.empty() ? path : path.size() > old.size() ? path.substr(old.size() + 1) : std::string();
  path = join(now, rest);
  return true;
}

template <typename Visitor>
bool for_every_spot(MachinePlan& machine, Visitor&& visit) {
  bool all = true;
  const auto see = [&](Spot& spot) { all = all && visit(spot); };
  for (Change& change : machine.changes) see(change.spot);
  for (Witness& witness : machine.witnesses) see(witness.spot);
  for (Watched& watched : machine.watched) see(watched.spot);
  for (Witness& witness : machine.end) see(witness.spot);
  for (Spot& folder : machine.folders) see(folder);
  for (Spot& spot : machine.intent.lowered) see(spot);
  for (auto& [spot, cid] : machine.intent.parent_cids) see(spot);
  for (Spot& spot : machine.intent.unnamed) see(spot);
  Spot vm{0, machine.vm};
  see(vm);
  machine.vm = vm.path;
  return all;
}

}  // namespace

bool bind(MachinePlan& machine, const std::string& run, const Spot& folder, const std::vector<Site>& sites) {
  // The folder that this one was for the plan: itself, or the one that ends most alike.
  const auto likeness = [&](const Spot& each) {
    const bool is_same_root = machine.roots[each.root].location == sites[folder.root].root;
    const bool is_same_path = each.path == folder.path;
    return std::tuple(is_same_root && is_same_path, shared_tail(each.path, folder.path), is_same_path);
  };
  const auto folders = folders_of(machine);
  const auto best = std::max_element(folders.begin(), folders.end(),
                                     [&](const Spot& a, const Spot& b) { return likeness(a) < likeness(b); });
  const std::size_t shared = shared_tail(best->path, folder.path);
  const std::string old = without_tail(best->path, shared);
  const std::string now = without_tail(folder.path, shared);
  const std::size_t known = best->root;
  if (!for_every_spot(machine, [&](Spot& spot) { return spot.root != known || rebase(spot.path, old, now); }))
    return false;
  for (std::size_t root = 0; root < machine.roots.size(); ++root) {
    const auto fits = [&](const Site& site) {
      if (root == known) return &site == &sites[folder.root];
      const auto there = folders_of(machine);
      return site.writer && std::any_of(there.begin(), there.end(), [&](const Spot& each) {
               return each.root == root && site.writer->status(plan_copy_of(each.path, run, machine.vm));
             });
    };
    const auto site = std::find_if(sites.begin(), sites.end(), fits);
    if (site == sites.end() || !site->writer) return false;
    machine.roots[root] = {static_cast<model::Index>(site - sites.begin()), site->root};
  }
  return true;
}

namespace {

struct Bound {
  MachinePlan machine;
  bool is_partly = false;  // not every folder that it names holds the plan
};

// The plan of a stopped run in terms of what is there, or why nothing is done about it.
std::variant<Bound, MachineResult> bound_plan(const Unfinished& unfinished, const std::vector<Site>& sites) {
  MachinePlan machine = unfinished.plan->machines.front();
  if (!bind(machine, unfinished.run, unfinished.folder, sites))
    return told(unfinished, Outcome::refused,
                "run " + unfinished.run + " was stopped here, and a file of it lies in no target",
                Reason::outside_scan);
  const auto by_root = sites_of(machine, sites);
  const Belief belief = belief_in(unfinished, machine, by_root);
  const Workplace place{unfinished.run, machine, by_root};
  if (belief == Belief::unknown || (belief == Belief::partly && has_begun(place) && !check_untouched(place)))
    return told(unfinished, Outcome::refused,
                "run " + unfinished.run + " was stopped here, and not every folder that its plan names holds that plan",
                Reason::locked);
  return Bound{std::move(machine), belief == Belief::partly};
}

// What a later version left, its words may not mean what they mean here.
bool may_recover(const Unfinished& unfinished, bool taken_over) {
  if (unfinished.is_later) return false;
  return unfinished.life == Life::dead || (unfinished.life == Life::cannot_tell && taken_over);
}

MachineResult refuse_held(const Unfinished& unfinished) {
  return told(unfinished, Outcome::refused, unfinished.folder.path + "/.cbtctl/lock is held by " + unfinished.owner,
              Reason::locked);
}

}  // namespace

MachineResult recover(const Unfinished& unfinished, const std::vector<Site>& sites, const Look& look, bool taken_over) {
  if (!may_recover(unfinished, taken_over)) return refuse_held(unfinished);
  if (!unfinished.plan) return recover_blindly(unfinished, *sites[unfinished.folder.root].writer, taken_over);
  const auto bound = bound_plan(unfinished, sites);
  if (const auto* objection = std::get_if<MachineResult>(&bound)) return *objection;
  const auto& [machine, is_partly] = std::get<Bound>(bound);
  return Recovery(*unfinished.plan, machine, sites, look, taken_over, is_partly).run();
}

Prospect foresee(const Unfinished& unfinished, const std::vector<Site>& sites, const Look& look, bool taken_over) {
  const auto not_done = [](MachineResult result) {
    return Prospect{std::move(result.vm), false, result.reason, std::move(result.message)};
  };
  if (!may_recover(unfinished, taken_over)) return not_done(refuse_held(unfinished));
  if (!unfinished.plan)
    return {join(unfinished.folder.path, unfinished.vm_name), true, std::nullopt,
            "a run was stopped here whose plan cannot be read; its lock is taken away if it had changed nothing"};
  const auto bound = bound_plan(unfinished, sites);
  if (const auto* objection = std::get_if<MachineResult>(&bound)) return not_done(*objection);
  const auto& [machine, is_partly] = std::get<Bound>(bound);
  return Recovery(*unfinished.plan, machine, sites, look, taken_over, is_partly).foresee();
}

}  // namespace cbtctl::repair
