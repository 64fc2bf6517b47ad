#include "report/baseline.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "analysis/catalogue.h"
#include "log/log.h"
#include "model/identity.h"
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
  return Baseline::Known{*fingerprint,
                         *code,
                         *path,
                         text("vm"),
                         text("disk"),
                         text("severity"),
                         text("certainty"),
                         number_at(finding, "target").value_or(0)};
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
  const std::string schema = document ? text_at(*document, "schema").value_or("") : "";
  if (schema != "cbtctl.check/1" && schema != "cbtctl.check/2") return wrong;
  const Json* findings = document->find("findings");
  if (findings == nullptr || findings->elements() == nullptr) return wrong;
  Baseline baseline{.path = path, .targets = targets_in(*document), .has_fingerprints = schema != "cbtctl.check/1"};
  if (!baseline.has_fingerprints)
    log::warning(path +
                 ": is of version 1: findings are matched by location, code, path and disk, so that two of one "
                 "code about one disk count as one");
  for (const Json& finding : *findings->elements()) {
    auto known = known_from(finding);
    if (!known) return wrong;
    baseline.known.push_back(std::move(*known));
  }
  return baseline;
}

namespace {

// What makes two findings the same one: the fingerprint, or what version 1 has instead.
class Matching {
 public:
  Matching(const Baseline& baseline, const std::vector<model::Target>& targets)
      : baseline_(baseline), is_same_place_(model::are_single_and_nameless(baseline.targets, targets)), now_(targets) {
    if (is_same_place_) now_[0].canonical = baseline.targets[0].canonical;
  }

  [[nodiscard]] std::string key_of(const Baseline::Known& known) const {
    if (baseline_.has_fingerprints) return known.fingerprint;
    return early_key(baseline_.targets, known.target, {known.code, known.path, known.disk});
  }
  [[nodiscard]] std::string key_of(const analysis::Finding& finding) const {
    if (baseline_.has_fingerprints) return fingerprint_of(now_, finding);
    return early_key(now_, finding.target, {std::string(row_of(finding.code).name), finding.path, finding.slot});
  }
  // Whether the place where it was found was looked at now.
  [[nodiscard]] bool is_looked_at(const Baseline::Known& known) const {
    if (is_same_place_) return true;
    if (baseline_.has_fingerprints)
      return model::is_looked_at(now_, model::identity_of(baseline_.targets, known.target, known.path));
    return std::any_of(now_.begin(), now_.end(), [&](const model::Target& target) {
      return !target.error && target.location == location_in(baseline_.targets, known.target);
    });
  }

 private:
  static std::string location_in(const std::vector<model::Target>& targets, model::Index target) {
    return target < targets.size() ? targets[target].location : std::string();
  }
  [[nodiscard]] std::string early_key(const std::vector<model::Target>& targets, model::Index target,
                                      const std::array<std::string, 3>& parts) const {
    std::string key = is_same_place_ ? std::string() : location_in(targets, target);
    for (const std::string& part : parts) key += '\0' + part;
    return key;
  }

  const Baseline& baseline_;
  bool is_same_place_;
  std::vector<model::Target> now_;
};

}  // namespace

void keep_new(Baseline& baseline, const std::vector<model::Target>& targets, std::vector<analysis::Finding>& found,
              const std::function<bool(const Baseline::Known&)>& looked_for) {
  const Matching matching(baseline, targets);
  std::map<std::string, const Baseline::Known*> known;
  std::set<std::string> now;
  for (const Baseline::Known& finding : baseline.known) known.emplace(matching.key_of(finding), &finding);
  for (const analysis::Finding& finding : found) now.insert(matching.key_of(finding));
  for (const Baseline::Known& finding : baseline.known) {
    const bool is_gone = !now.contains(matching.key_of(finding)) && matching.is_looked_at(finding);
    if (is_gone && looked_for(finding)) baseline.gone.push_back(finding);
  }
  std::erase_if(found, [&](const analysis::Finding& finding) {
    const auto earlier = known.find(matching.key_of(finding));
    return earlier != known.end() && !has_risen(finding, *earlier->second);
  });
}

}  // namespace cbtctl::report
