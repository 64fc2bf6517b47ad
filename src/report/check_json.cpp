#include "analysis/catalogue.h"
#include "report/check.h"
#include "report/inventory.h"
#include "report/json.h"
#include "report/trouble.h"

namespace cbtctl::report {
namespace {

using analysis::Finding;

Json machines_json(const model::Datastore& datastore, const Finding& finding) {
  Json machines = Json::array();
  for (const model::Index index : finding.machines) {
    const model::File& file = datastore.files[datastore.virtual_machines[index].file];
    Json machine;
    machine["target"] = target_json(file.target, datastore.targets);
    put_text(machine, "config_path", file.path);
    machines.push_back(std::move(machine));
  }
  return machines;
}

Json finding_json(const CheckReport& report, const Finding& finding) {
  const model::Datastore& datastore = report.datastore;
  const analysis::Row& row = analysis::row_of(finding.code);
  Json object;
  object["code"] = row.name;
  object["severity"] = name_of(finding.severity);
  object["certainty"] = name_of(finding.certainty);
  object["fingerprint"] = fingerprint_of(datastore.targets, finding);
  object["target"] = target_json(finding.target, datastore.targets);
  put_text(object, "path", finding.path);
  if (finding.machine) {
    put_text(object, "vm", datastore.files[datastore.virtual_machines[*finding.machine].file].path);
  } else {
    object["vm"] = nullptr;
  }
  object["disk"] = text_or_null(finding.slot);
  if (!finding.machines.empty()) object["machines"] = machines_json(datastore, finding);
  object["message"] = message_of(finding);
  object["evidence"] = Json::array();
  for (const analysis::Evidence& evidence : finding.evidence) {
    object["evidence"].push_back(
        {{"label", evidence.label}, {"expected", or_null(evidence.expected)}, {"found", or_null(evidence.found)}});
  }
  object["fix"] = name_of(finding.fix);
  object["options"] = finding.fix == analysis::Fix::choice ? options_of(row) : Json::array();
  object["blocked_by"] = finding.blocked_by;
  object["remedy"] = remedy_of(report, finding);
  return object;
}

// What is about a machine and tells no file of its own is about its .vmx.
Json skipped_json(const model::Datastore& datastore, const analysis::Skipped& skipped) {
  const model::File* configuration =
      skipped.machine ? &datastore.files[datastore.virtual_machines[*skipped.machine].file] : nullptr;
  Json object;
  const auto target = skipped.target || configuration == nullptr ? skipped.target : configuration->target;
  object["target"] = target ? target_json(*target, datastore.targets) : Json(nullptr);
  object["vm"] = nullptr;
  if (configuration != nullptr) put_text(object, "vm", configuration->path);
  object["disk"] = text_or_null(skipped.slot);
  object["path"] = nullptr;
  if (!skipped.path.empty() || configuration != nullptr)
    put_path(object, "path", skipped.path.empty() ? configuration->path : skipped.path);
  object["reason"] = name_of(skipped.reason);
  object["what"] = skipped.what;
  object["why"] = skipped.why;
  return object;
}

}  // namespace

std::string check_json(const CheckReport& report, const ProvenanceOf& provenance) {
  Json document = envelope("cbtctl.check/2", report.exit_status, report.datastore.targets);
  add_inventories(document, report.datastore);
  document["not_entered"] = not_entered_json(report.datastore.targets);
  document["findings"] = Json::array();
  for (const Finding& finding : report.findings.found) document["findings"].push_back(finding_json(report, finding));
  document["skipped"] = Json::array();
  for (const analysis::Skipped& skipped : report.findings.skipped) {
    document["skipped"].push_back(skipped_json(report.datastore, skipped));
  }
  if (report.baseline) {
    Json gone = Json::array();
    for (const Baseline::Known& known : report.baseline->gone) {
      gone.push_back({{"fingerprint", known.fingerprint}, {"code", known.code}, {"path", known.path}});
    }
    document["baseline"] = {{"path", report.baseline->path}, {"known", report.baseline->known.size()}, {"gone", gone}};
  }
  document["unmatched"] = unmatched_json(report.unmatched);
  return printed_document(std::move(document), provenance);
}

}  // namespace cbtctl::report
