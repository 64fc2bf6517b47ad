#include "analysis/catalogue.h"
#include "report/check.h"
#include "report/inventory.h"
#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using analysis::Finding;
using formats::core::Error;
using formats::core::ErrorKind;

Json text_or_null(const std::optional<std::string>& text) { return text ? Json(lossy_utf8(*text)) : Json(nullptr); }

Json options_json(const Finding& finding) {
  Json options = Json::array();
  if (finding.fix != analysis::Fix::choice) return options;
  std::string_view rest = analysis::row_of(finding.code).options;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    options.push_back(std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return options;
}

Json finding_json(const model::Datastore& datastore, const Finding& finding) {
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
                                  {"expected", text_or_null(evidence.expected)},
                                  {"found", text_or_null(evidence.found)}});
  }
  object["fix"] = std::string(name_of(finding.fix));
  object["options"] = options_json(finding);
  object["remedy"] = std::string(row.remedy);
  return object;
}

}  // namespace

std::string check_json(const CheckReport& report) {
  Json document = envelope("cbtctl.check/1", report.exit_status, report.datastore.targets);
  add_inventories(document, report.datastore);
  document["findings"] = Json::array();
  for (const Finding& finding : report.findings.found)
    document["findings"].push_back(finding_json(report.datastore, finding));
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

formats::core::Result<Baseline> parse_baseline(const std::string& path, const std::string& text) {
  const Json document = Json::parse(text, nullptr, false);
  const auto fail = [&] { return Error{ErrorKind::malformed, path + ": is no output of cbtctl check --json"}; };
  if (!document.is_object() || document.value("schema", Json()) != "cbtctl.check/1") return fail();
  const auto findings = document.find("findings");
  if (findings == document.end() || !findings->is_array()) return fail();
  Baseline baseline{.path = path, .known = {}, .gone = {}};
  for (const Json& finding : *findings) {
    Baseline::Known known;
    for (auto [name, where] :
         {std::pair{"fingerprint", &known.fingerprint}, {"code", &known.code}, {"path", &known.path}}) {
      if (!finding.is_object() || !finding.contains(name) || !finding[name].is_string()) return fail();
      *where = finding[name].get<std::string>();
    }
    baseline.known.push_back(std::move(known));
  }
  return baseline;
}

}  // namespace cbtctl::report
