#include "repair/standing.h"

#include <algorithm>
#include <set>

namespace cbtctl::repair {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Status;
using formats::core::success;

Error changed(const Spot& spot, const char* how) { return {ErrorKind::changed, spot.path + ": " + how}; }
constexpr const char* by_somebody = "was changed by somebody else";

// Size and times answer for a file that was not touched; only where they differ is its digest taken.
Status check_waits(const Workplace& place, const Change& change) {
  const auto now = place.writer(change.spot).status(change.spot.path);
  if (!now) return now.error();
  if (now->size_bytes == change.size_bytes && is_same_time(now->modified_ns, change.modified_ns) &&
      is_same_time(now->changed_ns, change.changed_ns))
    return success();
  const auto digest = place.digest_at(change.spot);
  if (!digest) return digest.error();
  return *digest == change.sha256_before ? success() : Status(changed(change.spot, by_somebody));
}

std::optional<std::string> sign_of(const Workplace& place, const Witness& witness) {
  const std::string& path = witness.spot.path;
  const auto now = place.writer(witness.spot).status(path);
  if (!now && now.error().kind != ErrorKind::missing) return path + " cannot be looked at";
  if (now.has_value() != witness.exists) return path + (witness.exists ? " has gone" : " is new");
  if (now && (now->size_bytes != witness.size_bytes || !is_same_time(now->modified_ns, witness.modified_ns) ||
              !is_same_time(now->changed_ns, witness.changed_ns)))
    return path + " was written";
  return std::nullopt;
}

// Not touched yet. What is kept is a second name of it, which is no sign: only its times of status tell of that.
bool is_as_found(const Workplace& place, const Witness& witness) {
  const auto digest = place.digest_at(witness.spot);
  const auto contents = contents_of(place.machine);
  const auto now = place.writer(witness.spot).status(witness.spot.path);
  return digest && now && *digest == contents.at(witness.spot).digests.front() &&
         is_same_time(now->modified_ns, witness.modified_ns);
}

// A witness that the run edits tells something as it was found, and as the run left it at its end, which is recorded.
// In between nobody can tell a power-on that wrote the same bytes; once it is back its times are those of the way back.
std::optional<std::string> sign_of_edited(const Workplace& place, const Witness& found, bool is_back) {
  if (is_back || is_as_found(place, found)) return std::nullopt;
  if (check_done(place)) {
    for (const Witness& witness : place.machine.end) {
      if (witness.spot == found.spot) return sign_of(place, witness);
    }
  }
  return found.spot.path + ": whether it was written since the run was at it was not recorded";
}

}  // namespace

bool is_same_time(std::int64_t a_ns, std::int64_t b_ns) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  const bool is_whole = a_ns % second_ns == 0 || b_ns % second_ns == 0;
  return is_whole ? a_ns / second_ns == b_ns / second_ns : a_ns == b_ns;
}

std::optional<std::size_t> Contents::find(const std::string& digest) const {
  for (std::size_t i = digests.size(); i-- > 0;) {
    if (digests[i] == digest) return i;
  }
  return std::nullopt;
}

std::map<Spot, Contents> contents_of(const MachinePlan& machine) {
  std::map<Spot, Contents> contents;
  for (const Change& change : machine.changes) {
    if (change.kind == ChangeKind::quarantine) continue;  // one that is created was missing before: its digest was ""
    Contents& file = contents[change.spot];
    if (file.digests.empty()) file.digests.push_back(change.sha256_before);
    file.digests.push_back(change.sha256_after);
  }
  return contents;
}

void look_at_standing(const Workplace& place) {
  using QuestionKind = storage::Question::Kind;
  std::vector<std::pair<Spot, QuestionKind>> questions;
  for (std::size_t i = 0; i < place.machine.changes.size(); ++i) {
    const Change& change = place.machine.changes[i];
    const Spot kept = place.kept(change.spot);
    const bool is_edit = change.kind != ChangeKind::quarantine;
    if (is_edit) questions.emplace_back(change.spot, QuestionKind::digest);
    questions.emplace_back(kept, QuestionKind::digest);
    if (is_edit)
      questions.emplace_back(place.waiting(i), QuestionKind::status);
    else
      for (const QuestionKind kind : {QuestionKind::status, QuestionKind::head})
        questions.emplace_back(change.spot, kind);
    questions.emplace_back(kept, QuestionKind::status);
  }
  for (const Witness& witness : place.machine.witnesses) questions.emplace_back(witness.spot, QuestionKind::status);
  for (const Watched& watched : place.machine.watched) questions.emplace_back(watched.spot, QuestionKind::digest);
  place.look_ahead(questions);
}

bool has_begun(const Workplace& place) {
  std::set<Spot> seen;
  for (std::size_t i = 0; i < place.machine.changes.size(); ++i) {
    const Change& change = place.machine.changes[i];
    if (!seen.insert(change.spot).second || !place.exists(place.kept(change.spot))) continue;
    if (change.kind == ChangeKind::quarantine || !place.exists(place.waiting(i))) return true;
  }
  return false;
}

Status check_untouched(const Workplace& place) {
  for (const auto& [spot, contents] : contents_of(place.machine)) {
    const auto digest = place.digest_at(spot);
    if (!digest) return digest.error();
    if (*digest != contents.digests.front()) return changed(spot, by_somebody);
  }
  for (const Change& change : place.machine.changes) {
    if (change.kind != ChangeKind::quarantine) continue;
    if (const Status waits = check_waits(place, change); !waits) return waits;
  }
  return success();
}

Status check_known(const Workplace& place) {
  for (const auto& [spot, contents] : contents_of(place.machine)) {
    const auto digest = place.digest_at(spot);
    if (!digest) return digest.error();
    if (!contents.find(*digest)) return changed(spot, by_somebody);
  }
  for (const Change& change : place.machine.changes) {
    if (change.kind != ChangeKind::quarantine) continue;
    const bool here = place.exists(change.spot);
    const bool aside = place.exists(place.kept(change.spot));
    if (here == aside) return changed(change.spot, here ? "is there again" : "is in no place that the plan knows");
    const auto digest = place.digest_at(here ? change.spot : place.kept(change.spot));
    if (!digest) return digest.error();
    if (*digest != change.sha256_before) return changed(change.spot, by_somebody);
  }
  return success();
}

Status check_done(const Workplace& place) {
  for (const auto& [spot, contents] : contents_of(place.machine)) {
    const auto digest = place.digest_at(spot);
    if (!digest) return digest.error();
    if (*digest != contents.digests.back()) return changed(spot, by_somebody);
  }
  for (const Change& change : place.machine.changes) {
    if (change.kind != ChangeKind::quarantine) continue;
    if (place.exists(change.spot)) return changed(change.spot, "is there again");
    const auto digest = place.digest_at(place.kept(change.spot));
    if (!digest) return digest.error();
    if (*digest != change.sha256_before) return changed(place.kept(change.spot), "is not what was moved there");
  }
  return success();
}

std::vector<Witness> end_of(const Workplace& place) {
  std::vector<Witness> end;
  for (const Witness& witness : place.machine.witnesses) {
    if (!has_step(place.machine, witness.spot, ChangeKind::edit)) continue;
    const auto now = place.writer(witness.spot).status(witness.spot.path);
    if (now) end.push_back({witness.spot, true, now->size_bytes, now->modified_ns, now->changed_ns});
  }
  return end;
}

std::optional<std::string> ran_since(const Workplace& place, bool is_back) {
  for (const Witness& witness : place.machine.witnesses) {
    if (has_step(place.machine, witness.spot, ChangeKind::quarantine) ||
        has_step(place.machine, witness.spot, ChangeKind::create))
      continue;
    auto sign = has_step(place.machine, witness.spot, ChangeKind::edit) ? sign_of_edited(place, witness, is_back)
                                                                        : sign_of(place, witness);
    if (sign) return sign;
  }
  for (const Change& change : place.machine.changes) {
    if (change.kind == ChangeKind::quarantine && place.exists(change.spot) && place.exists(place.kept(change.spot)))
      return "a new " + change.spot.path + " is there";
  }
  return std::nullopt;
}

}  // namespace cbtctl::repair
