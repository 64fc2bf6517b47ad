#include "report/history.h"

#include <algorithm>

#include "report/csv.h"
#include "report/json.h"
#include "report/plan.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using repair::ProofVerdict;
using repair::RecordedRun;

// Of a run of another operator only its plan is known.
Cell outcome_cell(const RecordedRun& run, const repair::MachinePlan& machine) {
  if (!run.is_recorded) return {"not recorded here", Tint::warning};
  const repair::Outcome outcome = run.outcome_of(machine);
  return {std::string(name_of(outcome)), tint_of_outcome(outcome)};
}

std::string unreadable(const RecordedRun& run) {
  return "the plan cannot be read" + (run.trouble.empty() ? std::string() : ": " + run.trouble);
}

Json machines_json(const RecordedRun& run) {
  Json machines = Json::array();
  for (const repair::MachinePlan& machine : run.plan ? run.plan->machines : std::vector<repair::MachinePlan>{}) {
    Json entry;
    put_text(entry, "root", machine.roots.front().location);
    put_text(entry, "vm", machine.vm);
    entry["outcome"] = run.is_recorded ? Json(name_of(run.outcome_of(machine))) : Json(nullptr);
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

bool is_proven(ProofVerdict verdict) {
  return verdict == ProofVerdict::as_promised || verdict == ProofVerdict::started || verdict == ProofVerdict::restarted;
}

std::string in_words(const repair::DiskProof& proof) {
  switch (proof.verdict) {
    case ProofVerdict::disk_not_found:
      return "the disk is not found any more";
    case ProofVerdict::not_as_promised:
      return "not as promised";
    case ProofVerdict::not_started:
      return "not started yet: power the VM on";
    case ProofVerdict::not_restarted:
      return "not restarted: the UUID is the old one";
    case ProofVerdict::restarted:
      return "restarted, proven";
    case ProofVerdict::started:
      return "started, proven";
    case ProofVerdict::as_promised:
      return std::string(name_of(proof.promised)) + ", proven";
  }
  return {};
}

Json proofs_json(const std::vector<repair::DiskProof>& proofs) {
  Json list = Json::array();
  for (const repair::DiskProof& proof : proofs) {
    Json entry;
    put_text(entry, "vm", proof.vm);
    entry["disk"] = proof.slot;
    entry["promised"] = name_of(proof.promised);
    entry["state"] = proof.state ? Json(name_of(*proof.state)) : Json(nullptr);
    entry["change_id_before"] = text_or_null(proof.change_id_before);
    entry["change_id"] = text_or_null(proof.change_id);
    entry["verdict"] = in_words(proof);
    list.push_back(std::move(entry));
  }
  return list;
}

std::string proofs_text(const std::vector<repair::DiskProof>& proofs, const Style& style) {
  Table table({{"VM"}, {"DISK"}, {"STATE"}, {"UUID BEFORE"}, {"UUID NOW"}, {"VERDICT"}});
  const auto uuid = [](const std::string& id) { return id.empty() ? "-" : escaped(id.substr(0, id.rfind('/'))); };
  for (const repair::DiskProof& proof : proofs) {
    table.add({{escaped(proof.vm)},
               {proof.slot},
               {proof.state ? std::string(name_of(*proof.state)) : "-"},
               {uuid(proof.change_id_before)},
               {uuid(proof.change_id)},
               {in_words(proof), is_proven(proof.verdict) ? Tint::good : Tint::warning}});
  }
  return table.is_empty() ? "nothing was promised of any disk\n" : table.print(style);
}

}  // namespace

std::string history_text(const HistoryReport& report, const Style& style) {
  if (report.runs.empty()) return "no run is recorded\n";
  Table table({{"RUN"}, {"VERB"}, {"VM"}, {"OUTCOME"}});
  for (const RecordedRun& run : report.runs) {
    if (!run.plan) table.add({{run.id}, {"?"}, {"?"}, {escaped(unreadable(run)), Tint::bad}});
    if (!run.plan) continue;
    for (const repair::MachinePlan& machine : run.plan->machines) {
      table.add({{run.id}, {std::string(name_of(run.plan->verb))}, {escaped(machine.vm)}, outcome_cell(run, machine)});
    }
  }
  return table.print(style);
}

std::string run_text(const HistoryReport& report, const Style& style) {
  const RecordedRun& run = report.runs.front();
  std::string out =
      "run " + run.id + ", " + (run.plan ? std::string(name_of(run.plan->verb)) : escaped(unreadable(run))) + "\n";
  for (const repair::MachinePlan& machine : run.plan ? run.plan->machines : std::vector<repair::MachinePlan>{}) {
    out += escaped(machine.roots.front().location + "/" + machine.vm) + ": " + outcome_cell(run, machine).text;
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

std::string history_csv(const HistoryReport& report) {
  std::string out = csv_row({"location", "vm", "name", "run", "verb", "outcome"});
  for (const RecordedRun& run : report.runs) {
    if (!run.plan) out += csv_row({"", "", "", run.id, "", unreadable(run)});
    if (!run.plan) continue;
    for (const repair::MachinePlan& machine : run.plan->machines) {
      out += csv_row({machine.roots.front().location, machine.vm, machine.name, run.id,
                      std::string(name_of(run.plan->verb)), outcome_cell(run, machine).text});
    }
  }
  return out;
}

std::string history_json(const HistoryReport& report) {
  Json document = envelope("cbtctl.history/1", report.exit_status, {});
  document["runs"] = Json::array();
  for (const RecordedRun& run : report.runs) {
    document["runs"].push_back({{"id", run.id},
                                {"verb", run.plan ? Json(name_of(run.plan->verb)) : Json(nullptr)},
                                {"machines", machines_json(run)},
                                {"steps", steps_json(run)},
                                {"trouble", text_or_null(run.trouble)}});
  }
  if (report.proofs) document["verification"] = proofs_json(*report.proofs);
  return printed_document(std::move(document));
}

}  // namespace cbtctl::report
