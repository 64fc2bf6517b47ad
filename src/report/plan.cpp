#include "report/plan.h"

#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

std::string counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

Tint tint_of(const std::string& outcome) {
  if (outcome == "changed" || outcome == "restored") return Tint::good;
  return outcome == "failed" ? Tint::bad : Tint::warning;
}

Json or_nothing(const std::string& text) { return text.empty() ? Json(nullptr) : Json(lossy_utf8(text)); }

Json changes_json(const repair::Plan& plan) {
  Json changes = Json::array();
  for (const repair::MachinePlan& machine : plan.machines) {
    for (const repair::Change& change : machine.changes) {
      Json object{{"kind", std::string(name_of(change.kind))}, {"target", machine.target}};
      put_text(object, "path", change.path);
      put_text(object, "vm", machine.vm);
      object["description"] = change.description;
      object["sha256_before"] = or_nothing(change.sha256_before);
      object["sha256_after"] = or_nothing(change.sha256_after);
      changes.push_back(std::move(object));
    }
  }
  return changes;
}

}  // namespace

std::string plan_text(const PlanReport& report, const Style& style) {
  const repair::Plan& plan = report.plan;
  std::string out;
  Table changes({{"VM"}, {"CHANGE"}, {"FILE"}, {"WHAT"}});
  std::size_t steps = 0;
  for (const repair::MachinePlan& machine : plan.machines) {
    for (const repair::Change& change : machine.changes) {
      changes.add(
          {{escaped(machine.vm)}, {std::string(name_of(change.kind))}, {escaped(change.path)}, {change.description}});
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
  Table table({{"VM"}, {"OUTCOME"}, {"WHAT"}});
  std::vector<std::string> follow_up;
  for (const repair::Result& result : report.results.value_or(std::vector<repair::Result>{})) {
    const std::string outcome = result.reason.empty() ? result.outcome : result.outcome + ": " + result.reason;
    table.add({{escaped(result.vm)}, {outcome, tint_of(result.outcome)}, {escaped(result.message)}});
    follow_up.insert(follow_up.end(), result.follow_up.begin(), result.follow_up.end());
  }
  std::string out = table.is_empty() ? std::string() : table.print(style);
  for (const std::string& next : follow_up) out += "next: " + escaped(next) + "\n";
  if (report.plan.verb != "undo" && !table.is_empty())
    out += "run " + report.plan.id + "; cbtctl undo " + report.plan.id + " takes it back\n";
  return out;
}

std::string plan_json(const PlanReport& report) {
  Json document = envelope("cbtctl." + report.plan.verb + "/1", report.exit_status, report.targets);
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
  document["plan"] = {
      {"id", report.plan.id}, {"changes", changes_json(report.plan)}, {"refused", refused}, {"unchanged", unchanged}};
  if (!report.results) return printed(document);
  document["run"] = report.plan.id;
  document["results"] = Json::array();
  for (const repair::Result& result : *report.results) {
    Json object;
    put_text(object, "vm", result.vm);
    object["outcome"] = result.outcome;
    object["reason"] = or_nothing(result.reason);
    object["message"] = lossy_utf8(result.message);
    object["follow_up"] = texts(result.follow_up);
    document["results"].push_back(std::move(object));
  }
  return printed(document);
}

std::string history_text(const std::vector<repair::RecordedRun>& runs, const Style& style) {
  if (runs.empty()) return "no run is recorded\n";
  Table table({{"RUN"}, {"VERB"}, {"VM"}, {"OUTCOME"}});
  for (const repair::RecordedRun& run : runs) {
    if (!run.plan) table.add({{run.id}, {"?"}, {"?"}, {"the plan cannot be read", Tint::bad}});
    if (!run.plan) continue;
    for (const repair::MachinePlan& machine : run.plan->machines) {
      const std::string outcome = run.outcome_of(machine.vm);
      table.add({{run.id}, {run.plan->verb}, {escaped(machine.vm)}, {outcome, tint_of(outcome)}});
    }
  }
  return table.print(style);
}

std::string run_text(const repair::RecordedRun& run, const Style& style) {
  Table table({{"TIME"}, {"VM"}, {"STEP"}, {"FILE"}});
  for (const repair::Step& step : run.steps)
    table.add({{step.time}, {escaped(step.vm)}, {step.what}, {escaped(step.path)}});
  return "run " + run.id + (run.plan ? ", " + run.plan->verb : ", whose plan cannot be read") + "\n" +
         table.print(style);
}

std::string history_json(const std::vector<repair::RecordedRun>& runs) {
  Json document = envelope("cbtctl.history/1", 0, {});
  document["runs"] = Json::array();
  for (const repair::RecordedRun& run : runs) {
    Json object{{"id", run.id}, {"verb", run.plan ? Json(run.plan->verb) : Json(nullptr)}};
    object["machines"] = Json::array();
    object["steps"] = Json::array();
    if (run.plan) {
      for (const repair::MachinePlan& machine : run.plan->machines) {
        Json entry;
        put_text(entry, "root", machine.root);
        put_text(entry, "vm", machine.vm);
        entry["outcome"] = run.outcome_of(machine.vm);
        object["machines"].push_back(std::move(entry));
      }
    }
    for (const repair::Step& step : run.steps) {
      object["steps"].push_back(
          {{"time", step.time}, {"vm", lossy_utf8(step.vm)}, {"what", step.what}, {"path", lossy_utf8(step.path)}});
    }
    document["runs"].push_back(std::move(object));
  }
  return printed(document);
}

}  // namespace cbtctl::report
