#include "analysis/catalogue.h"
#include "report/check.h"
#include "report/inventory.h"
#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using analysis::Finding;

Json finding_json(const CheckReport& report, const Finding& finding) {
  const model::Datastore& datastore = report.datastore;
  const analysis::Row& row = analysis::row_of(finding.code);
  Json object;
  object["code"] = std::string(row.name);
  object["severity"] = std::string(name_of(finding.severity));
  object["certainty"] = std::string(name_of(finding.certainty));
  object["fingerprint"] = fingerprint_of(finding);
  object["target"] = target_json(finding.target, datastore.targets);
  put_text(object, "path", finding.path);
  if (finding.machine) {
    put_text(object, "vm", datastore.files[datastore.virtual_machines[*finding.machine].file].path);
  } else {
    object["vm"] = nullptr;
  }
  object["disk"] = finding.slot.empty() ? Json(nullptr) : Json(finding.slot);
  object["message"] = message_of(finding);
  object["evidence"] = Json::array();
  for (const analysis::Evidence& evidence : finding.evidence) {
    object["evidence"].push_back({{"label", lossy_utf8(evidence.label)},
                                  {"expected", optional_text(evidence.expected)},
                                  {"found", optional_text(evidence.found)}});
  }
  object["fix"] = std::string(name_of(finding.fix));
  object["options"] = finding.fix == analysis::Fix::choice ? texts(options_of(row)) : Json::array();
  object["remedy"] = remedy_of(report, finding);
  return object;
}

}  // namespace

std::string check_json(const CheckReport& report) {
  Json document = envelope("cbtctl.check/1", report.exit_status, report.datastore.targets);
  add_inventories(document, report.datastore);
  document["findings"] = Json::array();
  for (const Finding& finding : report.findings.found) document["findings"].push_back(finding_json(report, finding));
  document["skipped"] = Json::array();
  for (const analysis::Skipped& skipped : report.findings.skipped) {
    document["skipped"].push_back({{"what", lossy_utf8(skipped.what)}, {"why", lossy_utf8(skipped.why)}});
  }
  if (report.baseline) {
    Json gone = Json::array();
    for (const Baseline::Known& known : report.baseline->gone) {
      gone.push_back({{"fingerprint", known.fingerprint}, {"code", known.code}, {"path", known.path}});
    }
    document["baseline"] = {
        {"path", lossy_utf8(report.baseline->path)}, {"known", report.baseline->known.size()}, {"gone", gone}};
  }
  return printed(document);
}

}  // namespace cbtctl::report
