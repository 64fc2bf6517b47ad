#include "report/plan.h"

#include <algorithm>
#include <map>

#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

// One change as it is shown.
struct Shown {
  model::Index target = 0;
  std::string kind;
  std::string path;
  std::string description;
  std::string before;
  std::string after;
};

std::vector<Shown> changes_of(const PlanReport& report, const repair::MachinePlan& machine) {
  std::vector<Shown> shown;
  for (const repair::Change& change : machine.changes) {
    shown.push_back({machine.roots[change.spot.root].target, std::string(name_of(change.kind)), change.spot.path,
                     change.description, change.sha256_before, change.sha256_after});
  }
  if (report.verb != "undo") return shown;
  std::reverse(shown.begin(), shown.end());
  for (Shown& change : shown) {
    change.description = (change.kind == "edit" ? "as it was before: " : "back in its place: ") + change.description;
    change.kind = "restore";
    std::swap(change.before, change.after);
  }
  return shown;
}

Json changes_json(const PlanReport& report) {
  Json changes = Json::array();
  for (const repair::MachinePlan& machine : report.plan.machines) {
    for (const Shown& change : changes_of(report, machine)) {
      Json object{{"kind", change.kind}, {"target", change.target}};
      put_text(object, "path", change.path);
      put_text(object, "vm", machine.vm);
      object["description"] = lossy_utf8(change.description);
      object["sha256_before"] = text_or_null(change.before);
      object["sha256_after"] = text_or_null(change.after);
      changes.push_back(std::move(object));
    }
  }
  return changes;
}

Json results_json(const std::vector<repair::MachineResult>& results) {
  Json list = Json::array();
  for (const repair::MachineResult& result : results) {
    Json object;
    put_text(object, "vm", result.vm);
    object["outcome"] = result.outcome;
    object["reason"] = text_or_null(result.reason);
    object["message"] = lossy_utf8(result.message);
    object["follow_up"] = texts(result.follow_up);
    list.push_back(std::move(object));
  }
  return list;
}

void add_results(const std::vector<repair::MachineResult>& results, Table& table) {
  for (const repair::MachineResult& result : results) {
    const std::string outcome = result.reason.empty() ? result.outcome : result.outcome + ": " + result.reason;
    table.add({{escaped(result.vm)}, {outcome, tint_of_outcome(result.outcome)}, {escaped(result.message)}});
  }
}

std::string summary_of(const std::vector<repair::MachineResult>& results) {
  std::map<std::string, std::size_t> counts;
  for (const repair::MachineResult& result : results) ++counts[result.outcome];
  std::string out;
  for (const char* outcome : {"changed", "restored", "refused", "rolled-back", "failed", "cancelled"}) {
    if (counts.contains(outcome))
      out += (out.empty() ? "" : ", ") + std::to_string(counts[outcome]) + " " + std::string(outcome);
  }
  return out.empty() ? out : out + "\n";
}

}  // namespace

Tint tint_of_outcome(const std::string& outcome) {
  if (outcome == "changed" || outcome == "restored") return Tint::good;
  return outcome == "failed" ? Tint::bad : Tint::warning;
}

std::string plan_text(const PlanReport& report, const Style& style) {
  const repair::Plan& plan = report.plan;
  std::string out;
  Table recovered({{"VM"}, {"AN EARLIER RUN"}, {"WHAT"}});
  add_results(report.recovered, recovered);
  if (!recovered.is_empty()) out += recovered.print(style) + "\n";
  Table changes({{"VM"}, {"CHANGE"}, {"FILE"}, {"WHAT"}});
  std::size_t steps = 0;
  for (const repair::MachinePlan& machine : plan.machines) {
    for (const Shown& change : changes_of(report, machine)) {
      changes.add({{escaped(machine.vm)}, {change.kind}, {escaped(change.path)}, {escaped(change.description)}});
      ++steps;
    }
  }
  if (!changes.is_empty()) out += changes.print(style) + "\n";
  Table others({{"VM"}, {"NOT CHANGED"}, {"WHY"}});
  for (const repair::Refusal& refused : plan.refused)
    others.add({{escaped(refused.vm)}, {refused.reason, Tint::warning}, {escaped(refused.message)}});
  for (const repair::Unchanged& unchanged : plan.unchanged)
    others.add({{escaped(unchanged.vm)}, {"unchanged", Tint::faint}, {escaped(unchanged.message)}});
  if (!others.is_empty()) out += others.print(style) + "\n";
  out += counted(plan.machines.size(), "virtual machine", "virtual machines") + " to change in " +
         counted(steps, "step", "steps") + ", " + std::to_string(plan.refused.size()) + " refused, " +
         std::to_string(plan.unchanged.size()) + " unchanged\n";
  return out;
}

std::string results_text(const PlanReport& report, const Style& style) {
  const auto results = report.results.value_or(std::vector<repair::MachineResult>{});
  if (results.empty()) return {};
  Table table({{"VM"}, {"OUTCOME"}, {"WHAT"}});
  add_results(results, table);
  std::string out = "\n" + table.print(style) + "\n";
  for (const repair::MachineResult& result : results) {
    for (const std::string& next : result.follow_up) out += "next: " + escaped(next) + "\n";
  }
  out += summary_of(results);
  const bool changed =
      std::any_of(results.begin(), results.end(), [](const auto& each) { return each.outcome == "changed"; });
  if (changed) out += "run " + report.plan.id + "; cbtctl undo " + report.plan.id + " takes it back\n";
  return out;
}

std::string plan_json(const PlanReport& report) {
  Json document = envelope("cbtctl." + report.verb + "/1", report.exit_status, report.targets);
  Json refused = Json::array();
  for (const repair::Refusal& each : report.plan.refused) {
    Json object;
    put_text(object, "vm", each.vm);
    object["reason"] = each.reason;
    object["message"] = lossy_utf8(each.message);
    refused.push_back(std::move(object));
  }
  Json unchanged = Json::array();
  for (const repair::Unchanged& each : report.plan.unchanged) {
    Json object;
    put_text(object, "vm", each.vm);
    object["message"] = lossy_utf8(each.message);
    unchanged.push_back(std::move(object));
  }
  document["plan"] = {{"id", report.plan.id},
                      {"verb", report.plan.verb},
                      {"changes", changes_json(report)},
                      {"refused", std::move(refused)},
                      {"unchanged", std::move(unchanged)}};
  document["recovered"] = results_json(report.recovered);
  if (!report.results) return printed(document);
  document["run"] = report.plan.id;
  document["results"] = results_json(*report.results);
  return printed(document);
}

}  // namespace cbtctl::report
