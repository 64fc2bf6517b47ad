#include "report/plan.h"

#include <algorithm>
#include <map>

#include "analysis/catalogue.h"
#include "formats/core/joined.h"
#include "report/check.h"
#include "report/csv.h"
#include "report/inventory.h"
#include "report/json.h"
#include "report/text.h"
#include "report/trouble.h"

namespace cbtctl::report {
namespace {

using repair::Outcome;
using repair::Verb;

// One change as it is shown.
struct Shown {
  model::Index target = 0;
  std::string_view kind;
  std::string path;
  std::string description;
  std::string before;
  std::string after;
  std::optional<std::uint64_t> size_bytes;  // of a file that goes
};

std::string way_back(repair::ChangeKind kind) {
  switch (kind) {
    case repair::ChangeKind::edit:
      return "as it was before: ";
    case repair::ChangeKind::quarantine:
      return "back in its place: ";
    case repair::ChangeKind::create:
      return "moved aside: ";
  }
  return {};
}

std::vector<Shown> changes_of(const PlanReport& report, const repair::MachinePlan& machine) {
  std::vector<Shown> shown;
  for (const repair::Change& change : machine.changes) {
    shown.push_back({machine.roots[change.spot.root].target,
                     name_of(change.kind),
                     change.spot.path,
                     change.description,
                     change.sha256_before,
                     change.sha256_after,
                     {}});
    if (change.kind == repair::ChangeKind::quarantine) shown.back().size_bytes = change.size_bytes;
  }
  if (report.verb != Verb::undo) return shown;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    shown[i].description = way_back(machine.changes[i].kind) + shown[i].description;
    shown[i].kind = name_of(repair::StepKind::restore);
    std::swap(shown[i].before, shown[i].after);
  }
  std::reverse(shown.begin(), shown.end());
  return shown;
}

Json changes_json(const PlanReport& report) {
  Json changes = Json::array();
  for (const repair::MachinePlan& machine : report.plan.machines) {
    for (const Shown& change : changes_of(report, machine)) {
      Json object{{"kind", change.kind}, {"target", change.target}};
      put_text(object, "path", change.path);
      put_text(object, "vm", machine.vm);
      object["description"] = change.description;
      object["sha256_before"] = text_or_null(change.before);
      object["sha256_after"] = text_or_null(change.after);
      if (change.size_bytes) object["size_bytes"] = *change.size_bytes;
      changes.push_back(std::move(object));
    }
  }
  return changes;
}

Json results_json(const std::vector<repair::MachineResult>& results) {
  Json list = Json::array();
  for (const repair::MachineResult& result : results) {
    Json object{{"target", result.target}};
    put_text(object, "vm", result.vm);
    object["outcome"] = name_of(result.outcome);
    object["reason"] = result.reason ? Json(name_of(*result.reason)) : Json(nullptr);
    object["message"] = result.message;
    object["follow_up"] = result.follow_up;
    list.push_back(std::move(object));
  }
  return list;
}

void add_results(const PlanReport& report, const std::vector<repair::MachineResult>& results, Table& table) {
  for (const repair::MachineResult& result : results) {
    std::string outcome(name_of(result.outcome));
    if (result.reason) outcome.append(": ").append(name_of(*result.reason));
    table.add(
        with_target(report.targets, result.target,
                    {{escaped(result.vm)}, {outcome, tint_of_outcome(result.outcome)}, {escaped(result.message)}}));
  }
}

Json remaining_json(const PlanReport& report) {
  Json list = Json::array();
  for (const Remaining& each : *report.remaining) {
    const analysis::Finding& finding = each.finding;
    Json object{{"code", analysis::row_of(finding.code).name},
                {"severity", name_of(finding.severity)},
                {"certainty", name_of(finding.certainty)},
                {"fingerprint", fingerprint_of(report.targets, finding)},
                {"target", target_json(finding.target, report.targets)}};
    put_text(object, "path", finding.path);
    object["vm"] = nullptr;
    if (!each.vm.empty()) put_text(object, "vm", each.vm);
    object["disk"] = text_or_null(finding.slot);
    object["message"] = message_of(finding);
    object["blocked_by"] = finding.blocked_by;
    object["command"] = text_or_null(each.command);
    list.push_back(std::move(object));
  }
  return list;
}

std::string remaining_text(const PlanReport& report, const Style& style) {
  if (!report.remaining || report.remaining->empty()) return {};
  Table table(with_target(report.targets, {{"LEFT"}, {"CODE"}, {"FILE"}, {"WHAT MENDS IT"}}));
  for (const Remaining& each : *report.remaining) {
    const analysis::Finding& finding = each.finding;
    std::string what =
        each.command.empty() ? "cbtctl explain " + std::string(analysis::row_of(finding.code).name) : each.command;
    if (!finding.blocked_by.empty()) what += "  # not now: " + formats::core::joined(finding.blocked_by, ", ");
    table.add(with_target(report.targets, finding.target,
                          {{std::string(name_of(finding.severity)), tint_of(finding.severity)},
                           {std::string(analysis::row_of(finding.code).name)},
                           {escaped(finding.path)},
                           {escaped(what)}}));
  }
  return "\nleft:\n" + table.print(style) + "\n";
}

std::string summary_of(const std::vector<repair::MachineResult>& results) {
  std::map<Outcome, std::size_t> counts;
  for (const repair::MachineResult& result : results) ++counts[result.outcome];
  std::string out;
  for (const auto& [outcome, count] : counts) {
    out += (out.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(name_of(outcome));
  }
  return out.empty() ? out : out + "\n";
}

}  // namespace

Tint tint_of_outcome(Outcome outcome) {
  switch (outcome) {
    case Outcome::changed:
    case Outcome::restored:
      return Tint::good;
    case Outcome::failed:
      return Tint::bad;
    case Outcome::refused:
    case Outcome::rolled_back:
    case Outcome::cancelled:
    case Outcome::unfinished:
    case Outcome::not_begun:
      return Tint::warning;
  }
  return Tint::none;
}

std::string plan_text(const PlanReport& report, const Style& style) {
  const repair::Plan& plan = report.plan;
  std::string out;
  Table recovered(with_target(report.targets, {{"VM"}, {"AN EARLIER RUN"}, {"WHAT"}}));
  add_results(report, report.recovered, recovered);
  if (!recovered.is_empty()) out += recovered.print(style) + "\n";
  Table changes(with_target(report.targets, {{"VM"}, {"CHANGE"}, {"FILE"}, {"WHAT"}}));
  std::size_t steps = 0;
  for (const repair::MachinePlan& machine : plan.machines) {
    for (const Shown& change : changes_of(report, machine)) {
      const std::string size = change.size_bytes ? ", " + human_size(*change.size_bytes) : std::string();
      changes.add(with_target(report.targets, machine.roots.front().target,
                              {{escaped(machine.vm)},
                               {std::string(change.kind)},
                               {escaped(change.path)},
                               {escaped(change.description + size)}}));
      ++steps;
    }
  }
  if (!changes.is_empty()) out += changes.print(style) + "\n";
  Table others(with_target(report.targets, {{"VM"}, {"NOT CHANGED"}, {"WHY"}}));
  for (const repair::Refusal& refused : plan.refused) {
    others.add(with_target(
        report.targets, refused.target,
        {{escaped(refused.vm)}, {std::string(name_of(refused.reason)), Tint::warning}, {escaped(refused.message)}}));
  }
  for (const repair::Unchanged& unchanged : plan.unchanged) {
    others.add(with_target(report.targets, unchanged.target,
                           {{escaped(unchanged.vm)}, {"unchanged", Tint::faint}, {escaped(unchanged.message)}}));
  }
  if (!others.is_empty()) out += others.print(style) + "\n";
  out += remaining_text(report, style);
  out += not_entered_text(report.targets);
  out += counted(plan.machines.size(), "virtual machine", "virtual machines") + " to change in " +
         counted(steps, "step", "steps") + ", " + std::to_string(plan.refused.size()) + " refused, " +
         std::to_string(plan.unchanged.size()) + " unchanged\n";
  return out;
}

std::string results_text(const PlanReport& report, const Style& style) {
  const auto results = report.results.value_or(std::vector<repair::MachineResult>{});
  if (results.empty()) return {};
  Table table(with_target(report.targets, {{"VM"}, {"OUTCOME"}, {"WHAT"}}));
  add_results(report, results, table);
  std::string out = "\n" + table.print(style) + "\n";
  for (const repair::MachineResult& result : results) {
    for (const std::string& next : result.follow_up) out += "next: " + escaped(next) + "\n";
  }
  out += remaining_text(report, style);
  out += summary_of(results);
  const bool changed =
      std::any_of(results.begin(), results.end(), [](const auto& each) { return each.outcome == Outcome::changed; });
  if (changed) out += "run " + report.plan.id + "; cbtctl undo " + report.plan.id + " takes it back\n";
  return out;
}

// The steps of a plan and what is not changed, or what became of each machine.
std::string plan_csv(const PlanReport& report) {
  std::string out = csv_row({"location", "vm", "name", "kind", "reason", "path", "message"});
  const auto add = [&](const auto& machine, model::Index target, std::string_view kind, std::string_view reason,
                       const std::string& path, const std::string& message) {
    const std::string location = target < report.targets.size() ? report.targets[target].location : std::string();
    out += csv_row({location, machine.vm, machine.name, std::string(kind), std::string(reason), path, message});
  };
  const auto add_results = [&](const std::vector<repair::MachineResult>& results) {
    for (const repair::MachineResult& each : results)
      add(each, each.target, name_of(each.outcome), each.reason ? name_of(*each.reason) : "", {}, each.message);
  };
  add_results(report.recovered);
  if (report.results) add_results(*report.results);
  for (const repair::MachinePlan& machine : report.plan.machines) {
    if (report.results) break;
    for (const Shown& change : changes_of(report, machine))
      add(machine, machine.roots.front().target, change.kind, {}, change.path, change.description);
  }
  for (const repair::Refusal& each : report.plan.refused)
    add(each, each.target, "refused", name_of(each.reason), {}, each.message);
  for (const repair::Unchanged& each : report.plan.unchanged) add(each, each.target, "unchanged", {}, {}, each.message);
  return out;
}

std::string plan_json(const PlanReport& report) {
  Json document = envelope("cbtctl." + std::string(name_of(report.verb)) + "/1", report.exit_status, report.targets);
  Json refused = Json::array();
  for (const repair::Refusal& each : report.plan.refused) {
    Json object{{"target", each.target}};
    put_text(object, "vm", each.vm);
    object["reason"] = name_of(each.reason);
    object["message"] = each.message;
    refused.push_back(std::move(object));
  }
  Json unchanged = Json::array();
  for (const repair::Unchanged& each : report.plan.unchanged) {
    Json object{{"target", each.target}};
    put_text(object, "vm", each.vm);
    object["message"] = each.message;
    unchanged.push_back(std::move(object));
  }
  document["not_entered"] = not_entered_json(report.targets);
  document["plan"] = {{"id", report.plan.id},
                      {"verb", name_of(report.plan.verb)},
                      {"changes", changes_json(report)},
                      {"refused", std::move(refused)},
                      {"unchanged", std::move(unchanged)}};
  document["recovered"] = results_json(report.recovered);
  if (report.remaining) document["remaining"] = remaining_json(report);
  document["unmatched"] = unmatched_json(report.unmatched);
  if (!report.results) return printed_document(std::move(document));
  document["run"] = report.plan.id;
  document["results"] = results_json(*report.results);
  return printed_document(std::move(document));
}

}  // namespace cbtctl::report
