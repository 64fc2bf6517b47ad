#include "report/baseline.h"

#include <set>

#include "report/json.h"

namespace cbtctl::report {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;

std::optional<Baseline::Known> known_from(const Json& finding) {
  if (!finding.is_object()) return std::nullopt;
  const auto fingerprint = text_at(finding, "fingerprint");
  const auto code = text_at(finding, "code");
  const auto path = text_at(finding, "path");
  if (!fingerprint || !code || !path) return std::nullopt;
  return Baseline::Known{*fingerprint, *code, *path, text_at(finding, "vm").value_or(""),
                         text_at(finding, "disk").value_or("")};
}

}  // namespace

formats::core::Result<Baseline> parse_baseline(const std::string& path, const std::string& text) {
  const Json document = Json::parse(text, nullptr, false);
  const Error wrong{ErrorKind::malformed, path + ": is no output of cbtctl check --json"};
  if (!document.is_object() || text_at(document, "schema") != "cbtctl.check/1") return wrong;
  const auto findings = document.find("findings");
  if (findings == document.end() || !findings->is_array()) return wrong;
  Baseline baseline{.path = path, .known = {}, .gone = {}};
  for (const Json& finding : *findings) {
    auto known = known_from(finding);
    if (!known) return wrong;
    baseline.known.push_back(std::move(*known));
  }
  return baseline;
}

void keep_new(Baseline& baseline, std::vector<analysis::Finding>& found,
              const std::function<bool(const Baseline::Known&)>& looked_for) {
  std::set<std::string> known;
  std::set<std::string> now;
  for (const Baseline::Known& finding : baseline.known) known.insert(finding.fingerprint);
  for (const analysis::Finding& finding : found) now.insert(fingerprint_of(finding));
  for (const Baseline::Known& finding : baseline.known) {
    if (!now.contains(finding.fingerprint) && looked_for(finding)) baseline.gone.push_back(finding);
  }
  std::erase_if(found, [&](const analysis::Finding& finding) { return known.contains(fingerprint_of(finding)); });
}

}  // namespace cbtctl::report
