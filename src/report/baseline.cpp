#include "report/baseline.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "report/json.h"

namespace cbtctl::report {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;

std::optional<Baseline::Known> known_from(const Json& finding) {
  const auto fingerprint = text_at(finding, "fingerprint");
  const auto code = text_at(finding, "code");
  const auto path = text_at(finding, "path");
  if (!fingerprint || !code || !path) return std::nullopt;
  const auto text = [&](const char* name) { return text_at(finding, name).value_or(""); };
  return Baseline::Known{*fingerprint, *code, *path, text("vm"), text("disk"), text("severity"), text("certainty")};
}

// Whether `now` stands before `then`; what no version has written is no measure.
template <std::size_t N>
bool is_before(const std::array<std::string_view, N>& words, std::string_view now, std::string_view then) {
  const auto place = [&](std::string_view word) { return std::find(words.begin(), words.end(), word); };
  return place(then) != words.end() && place(now) < place(then);
}

bool has_risen(const analysis::Finding& finding, const Baseline::Known& known) {
  constexpr std::array<std::string_view, 4> severities{"critical", "error", "warning", "note"};
  constexpr std::array<std::string_view, 3> certainties{"hit", "possible", "cannot-tell"};
  return is_before(severities, name_of(finding.severity), known.severity) ||
         is_before(certainties, name_of(finding.certainty), known.certainty);
}

}  // namespace

formats::core::Result<Baseline> parse_baseline(const std::string& path, const std::string& text) {
  const auto document = parse_json(text);
  const Error wrong{ErrorKind::malformed, path + ": is no output of cbtctl check --json"};
  if (!document || text_at(*document, "schema") != "cbtctl.check/1") return wrong;
  const Json* findings = document->find("findings");
  if (findings == nullptr || findings->elements() == nullptr) return wrong;
  Baseline baseline{.path = path, .known = {}, .gone = {}};
  for (const Json& finding : *findings->elements()) {
    auto known = known_from(finding);
    if (!known) return wrong;
    baseline.known.push_back(std::move(*known));
  }
  return baseline;
}

void keep_new(Baseline& baseline, std::vector<analysis::Finding>& found,
              const std::function<bool(const Baseline::Known&)>& looked_for) {
  std::map<std::string, const Baseline::Known*> known;
  std::set<std::string> now;
  for (const Baseline::Known& finding : baseline.known) known.emplace(finding.fingerprint, &finding);
  for (const analysis::Finding& finding : found) now.insert(fingerprint_of(finding));
  for (const Baseline::Known& finding : baseline.known) {
    if (!now.contains(finding.fingerprint) && looked_for(finding)) baseline.gone.push_back(finding);
  }
  std::erase_if(found, [&](const analysis::Finding& finding) {
    const auto earlier = known.find(fingerprint_of(finding));
    return earlier != known.end() && !has_risen(finding, *earlier->second);
  });
}

}  // namespace cbtctl::report
