#include "report/history.h"

#include <algorithm>

#include "report/json.h"
#include "report/plan.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using repair::RecordedRun;

// Of a run of another operator only its plan is known.
std::string outcome_of(const RecordedRun& run, const std::string& vm) {
  return run.steps.empty() ? "not recorded here" : run.outcome_of(vm);
}

Json machines_json(const RecordedRun& run) {
  Json machines = Json::array();
  for (const repair::MachinePlan& machine : run.plan ? run.plan->machines : std::vector<repair::MachinePlan>{}) {
    Json entry;
    put_text(entry, "root", machine.roots.front().location);
    put_text(entry, "vm", machine.vm);
    entry["outcome"] = run.steps.empty() ? Json(nullptr) : Json(run.outcome_of(machine.vm));
    entry["assumed_powered_off"] = machine.assumed_off;
    entry["assumed_unregistered"] = machine.assumed_unregistered;
    machines.push_back(std::move(entry));
  }
  return machines;
}

Json steps_json(const RecordedRun& run) {
  Json steps = Json::array();
  for (const repair::Step& step : run.steps) {
    Json entry{{"time", step.time}};
    put_text(entry, "vm", step.vm);
    entry["what"] = step.what;
    if (step.path.empty())
      entry["path"] = nullptr;
    else
      put_text(entry, "path", step.path);
    entry["description"] = text_or_null(step.description);
    entry["sha256_before"] = text_or_null(step.sha256_before);
    entry["sha256_after"] = text_or_null(step.sha256_after);
    steps.push_back(std::move(entry));
  }
  return steps;
}

Json proofs_json(const std::vector<repair::DiskProof>& proofs) {
  Json list = Json::array();
  for (const repair::DiskProof& proof : proofs) {
    Json entry;
    put_text(entry, "vm", proof.vm);
    entry["disk"] = proof.slot;
    entry["promised"] = proof.promised;
    entry["state"] = text_or_null(proof.state);
    entry["change_id_before"] = text_or_null(proof.change_id_before);
    entry["change_id"] = text_or_null(proof.change_id);
    entry["verdict"] = proof.verdict;
    list.push_back(std::move(entry));
  }
  return list;
}

std::string proofs_text(const std::vector<repair::DiskProof>& proofs, const Style& style) {
  Table table({{"VM"}, {"DISK"}, {"STATE"}, {"UUID BEFORE"}, {"UUID NOW"}, {"VERDICT"}});
  const auto uuid = [](const std::string& id) { return id.empty() ? "-" : escaped(id.substr(0, id.rfind('/'))); };
  for (const repair::DiskProof& proof : proofs) {
    const bool good = proof.verdict.ends_with("proven");
    table.add({{escaped(proof.vm)},
               {proof.slot},
               {proof.state.empty() ? "-" : proof.state},
               {uuid(proof.change_id_before)},
               {uuid(proof.change_id)},
               {proof.verdict, good ? Tint::good : Tint::warning}});
  }
  return table.is_empty() ? "nothing was promised of any disk\n" : table.print(style);
}

}  // namespace

std::string history_text(const HistoryReport& report, const Style& style) {
  if (report.runs.empty()) return "no run is recorded\n";
  Table table({{"RUN"}, {"VERB"}, {"VM"}, {"OUTCOME"}});
  for (const RecordedRun& run : report.runs) {
    if (!run.plan) table.add({{run.id}, {"?"}, {"?"}, {"the plan cannot be read", Tint::bad}});
    if (!run.plan) continue;
    for (const repair::MachinePlan& machine : run.plan->machines) {
      const std::string outcome = outcome_of(run, machine.vm);
      table.add({{run.id}, {run.plan->verb}, {escaped(machine.vm)}, {outcome, tint_of_outcome(outcome)}});
    }
  }
  return table.print(style);
}

std::string run_text(const HistoryReport& report, const Style& style) {
  const RecordedRun& run = report.runs.front();
  std::string out = "run " + run.id + (run.plan ? ", " + run.plan->verb : ", whose plan cannot be read") + "\n";
  for (const repair::MachinePlan& machine : run.plan ? run.plan->machines : std::vector<repair::MachinePlan>{}) {
    out += escaped(machine.roots.front().location + "/" + machine.vm) + ": " + outcome_of(run, machine.vm);
    if (machine.assumed_off) out += ", off by the operator's word";
    if (machine.assumed_unregistered) out += ", registered nowhere by the operator's word";
    out += "\n";
  }
  Table table({{"TIME"}, {"VM"}, {"STEP"}, {"FILE"}, {"WHAT"}});
  for (const repair::Step& step : run.steps) {
    table.add({{step.time},
               {escaped(step.vm)},
               {step.what},
               {step.path.empty() ? "-" : escaped(step.path)},
               {step.description.empty() ? "-" : escaped(step.description)}});
  }
  if (!table.is_empty()) out += "\n" + table.print(style);
  if (report.proofs) out += "\n" + proofs_text(*report.proofs, style);
  return out;
}

std::string history_json(const HistoryReport& report) {
  Json document = envelope("cbtctl.history/1", report.exit_status, {});
  document["runs"] = Json::array();
  for (const RecordedRun& run : report.runs) {
    document["runs"].push_back({{"id", run.id},
                                {"verb", run.plan ? Json(run.plan->verb) : Json(nullptr)},
                                {"machines", machines_json(run)},
                                {"steps", steps_json(run)}});
  }
  if (report.proofs) document["verification"] = proofs_json(*report.proofs);
  return printed(document);
}

}  // namespace cbtctl::report
