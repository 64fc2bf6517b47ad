// A plan made anew from its intent, and held against the earlier one.
#include <algorithm>

#include "analysis/analyzer.h"
#include "repair/compiler.h"
#include "repair/guards.h"
#include "repair/planner.h"
#include "repair/record.h"
#include "repair/standing.h"
#include "repair/unnamed.h"

namespace cbtctl::repair {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Status;
using formats::core::success;

Request request_again(const MachinePlan& earlier, Verb verb) {
  Request request;
  request.verb = verb;
  request.include_templates = true;
  if (earlier.assumed_off) request.assumed_off = {earlier.vm};
  if (earlier.assumed_unregistered) request.assumed_unregistered = {earlier.vm};
  request.least_age_ns = earlier.intent.least_age_ns;
  return request;
}

Refusal changed(const MachinePlan& plan, const std::string& what) { return {plan.vm, Reason::changed_meanwhile, what}; }

std::optional<Refusal> unnamed_again(const MachinePlan& earlier, const Request& request, const model::Datastore& now,
                                     const std::vector<Site>& sites, MachinePlan& plan) {
  const auto findings = analysis::analyze(now);
  const Users users(now);
  for (const Spot& spot : earlier.intent.unnamed) {
    if (!sites[spot.root].writer->status(spot.path)) continue;  // gone: the difference tells it
    const auto still = std::any_of(findings.found.begin(), findings.found.end(), [&](const analysis::Finding& each) {
      return is_about_unnamed(each) && each.target == spot.root && each.path == spot.path &&
             each.certainty == analysis::Certainty::hit;
    });
    if (!still) return changed(earlier, spot.path + " is no file any more that nothing names");
    const model::File file{.target = spot.root, .path = spot.path};
    storage::Writer& writer = *sites[spot.root].writer;
    if (auto objection = refuse_unnamed(users, file, request, writer)) return objection;
    if (auto objection = add_unnamed(now, spot.root, spot, writer, plan)) return objection;
  }
  return std::nullopt;
}

bool same_file(const MachinePlan& a, const Spot& in_a, const MachinePlan& b, const Spot& in_b) {
  return in_a.path == in_b.path && a.roots[in_a.root].location == b.roots[in_b.root].location;
}

bool same_step(const MachinePlan& earlier, const Change& before, const MachinePlan& again, const Change& now) {
  if (before.kind != now.kind || !same_file(earlier, before.spot, again, now.spot)) return false;
  if (before.kind != ChangeKind::quarantine)
    return before.sha256_before == now.sha256_before && before.sha256_after == now.sha256_after;
  return before.size_bytes == now.size_bytes && is_same_time(before.modified_ns, now.modified_ns);
}

}  // namespace

std::variant<MachinePlan, Refusal> plan_again(const MachinePlan& earlier, Verb verb, const model::Datastore& now,
                                              const std::vector<Site>& sites) {
  for (const model::Target& target : now.targets) {
    if (target.error) return Refusal{earlier.vm, Reason::unreadable, target.error->message};
  }
  const Request request = request_again(earlier, verb);
  MachinePlan plan{.roots = earlier.roots, .vm = earlier.vm, .name = earlier.name, .intent = earlier.intent};
  if (earlier.has_machine) {
    const model::VirtualMachine* machine = find_machine(now, earlier.vm);
    if (machine != nullptr) look_ahead(now, {machine}, sites);
    if (machine == nullptr) return changed(earlier, "the configuration is not there any more");
    if (auto objection = refuse_machine(now, *machine, request)) return std::move(*objection);
    if (auto objection = refuse_duplicates(now, *machine, earlier.intent)) return std::move(*objection);
    if (earlier.intent.touches_machine()) {
      auto compiled = compile(Users(now), *machine, earlier.intent, sites);
      if (auto* objection = std::get_if<Refusal>(&compiled)) return std::move(*objection);
      plan = std::move(std::get<MachinePlan>(compiled));
    } else {
      Roots roots(now, sites, 0);
      record(now, *machine, roots, plan);
    }
  }
  if (!earlier.intent.unnamed.empty()) {
    if (auto objection = unnamed_again(earlier, request, now, sites, plan)) return std::move(*objection);
  }
  plan.has_machine = earlier.has_machine;
  plan.assumed_off = earlier.assumed_off;
  plan.assumed_unregistered = earlier.assumed_unregistered;
  plan.fixed = earlier.fixed;
  return plan;
}

std::optional<std::string> difference(const MachinePlan& earlier, const MachinePlan& again) {
  const std::size_t count = std::max(earlier.changes.size(), again.changes.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (i >= earlier.changes.size()) return again.changes[i].spot.path + " needs a change that was not planned";
    if (i >= again.changes.size()) return earlier.changes[i].spot.path + " was changed by somebody else";
    if (!same_step(earlier, earlier.changes[i], again, again.changes[i]))
      return earlier.changes[i].spot.path + " was changed by somebody else";
  }
  // What was only watched.
  for (const Watched& watched : earlier.watched) {
    const auto same = std::any_of(again.watched.begin(), again.watched.end(), [&](const Watched& now) {
      return same_file(earlier, watched.spot, again, now.spot) && watched.sha256 == now.sha256;
    });
    if (!same) return watched.spot.path + " was changed by somebody else";
  }
  return std::nullopt;
}

Status seal(MachinePlan& machine, const std::vector<Site>& sites) {
  for (Change& change : machine.changes) {
    if (change.kind != ChangeKind::quarantine || !change.sha256_before.empty()) continue;
    const auto& writer = sites[change.spot.root].writer;
    const auto status = writer->status(change.spot.path);
    if (!status) return status.error();
    if (status->size_bytes != change.size_bytes || !is_same_time(status->modified_ns, change.modified_ns) ||
        !is_same_time(status->changed_ns, change.changed_ns))
      return Error{ErrorKind::changed, change.spot.path + " was changed by somebody else"};
    auto digest = writer->digest(change.spot.path);
    if (!digest) return digest.error();
    change.sha256_before = std::move(*digest);
  }
  return success();
}

void seal_all(Plan& plan, const std::vector<Site>& sites) {
  std::vector<std::vector<storage::Question>> questions(sites.size());
  for (const MachinePlan& machine : plan.machines) {
    for (const Change& change : machine.changes) {
      if (change.kind != ChangeKind::quarantine || !change.sha256_before.empty()) continue;
      for (const auto kind : {storage::Question::Kind::status, storage::Question::Kind::digest})
        questions[machine.roots[change.spot.root].target].push_back({kind, change.spot.path});
    }
  }
  for (std::size_t i = 0; i < sites.size(); ++i) {
    if (sites[i].writer && !questions[i].empty()) sites[i].writer->look_ahead(std::move(questions[i]));
  }
  for (MachinePlan& machine : plan.machines) static_cast<void>(seal(machine, sites_of(machine, sites)));
}

}  // namespace cbtctl::repair
