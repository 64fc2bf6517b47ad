// First everything that the way back needs is written beside the files, so that a full disk is met before the first
// step; then the steps, newest first. The old content itself is the file that was kept, under one name more.
#include "repair/reverse.h"

#include <algorithm>
#include <map>

#include "formats/text/document.h"
#include "repair/edits.h"
#include "repair/may_go_back.h"
#include "repair/standing.h"

namespace cbtctl::repair {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Status;
using formats::core::success;

// One edit taken back: `source` takes the file's place.
struct Return {
  std::size_t change = 0;
  Spot source;
};

class Reversal {
 public:
  Reversal(const Workplace& place, Journal& journal) : place_(place), journal_(journal) {}

  Status run() {
    if (const Status known = check_known(place_); !known) return known;
    place_.remove_waiting();
    if (const Status written = write_sources(); !written) return written;
    if (const Status synced = place_.sync(); !synced) return synced;
    if (const Status walked = walk(); !walked) return walked;
    if (const Status synced = place_.sync(); !synced) return synced;
    return check_untouched(place_);
  }

 private:
  [[nodiscard]] const std::vector<Change>& changes() const { return place_.machine.changes; }

  // Which edits are to be taken back, and from where.
  Status write_sources() {
    std::map<Spot, std::size_t> at;  // the state of each file
    for (const auto& [spot, contents] : contents_of(place_.machine)) {
      const auto digest = place_.digest_at(spot);
      if (!digest) return digest.error();
      at[spot] = contents.find(*digest).value_or(0);
    }
    std::map<Spot, std::size_t> first_state;
    std::vector<std::size_t> state_before(changes().size());
    for (std::size_t i = 0; i < changes().size(); ++i) {
      if (changes()[i].kind == ChangeKind::edit) state_before[i] = first_state[changes()[i].spot]++;
    }
    for (std::size_t i = changes().size(); i-- > 0;) {
      const Change& change = changes()[i];
      if (change.kind != ChangeKind::edit || at[change.spot] <= state_before[i]) continue;
      const auto source = source_of(i, state_before[i] == 0);
      if (!source) return source.error();
      returns_[i] = *source;
      at[change.spot] = state_before[i];
    }
    return success();
  }

  formats::core::Result<Spot> source_of(std::size_t i, bool to_the_beginning) {
    const Change& change = changes()[i];
    const auto kept = to_the_beginning ? place_.digest_at(place_.kept(change.spot))
                                       : formats::core::Result<std::string>(std::string());
    const Spot source = place_.returning(i);
    storage::Writer& writer = place_.writer(source);
    // What was kept stays until the last question is answered: a run that is stopped before counts as begun.
    const Status written = kept && *kept == change.sha256_before
                               ? writer.keep(place_.kept(change.spot).path, source.path)
                               : writer.create(source.path, change.content_before, change.spot.path);
    if (!written) return written.error();
    return source;
  }

  Status walk() {
    std::optional<Phase> phase;
    for (std::size_t i = changes().size(); i-- > 0;) {
      const Change& change = changes()[i];
      if (change.kind == ChangeKind::edit && !returns_.contains(i)) continue;
      if (phase && *phase != change.phase) {
        if (const Status synced = place_.sync(); !synced) return synced;
      }
      phase = change.phase;
      if (const Status back = step(i); !back) return back;
    }
    return success();
  }

  Status step(std::size_t i) {
    const Change& change = changes()[i];
    storage::Writer& writer = place_.writer(change.spot);
    const Spot aside = place_.kept(change.spot);
    if (change.kind == ChangeKind::quarantine && !place_.exists(aside)) return success();    // it never left
    if (change.kind == ChangeKind::create && !place_.exists(change.spot)) return success();  // it never came
    // The way back is told by the files; without a journal it is still better than half a change.
    static_cast<void>(journal_.append({.vm = place_.machine.vm,
                                       .what = std::string(name_of(StepKind::restore)),
                                       .path = change.spot.path,
                                       .description = change.description,
                                       .sha256_before = change.sha256_after,
                                       .sha256_after = change.sha256_before}));
    if (change.kind == ChangeKind::quarantine) return writer.move(aside.path, change.spot.path);
    if (const Status same = writer.expect(change.spot.path, change.sha256_after); !same) return same;
    if (change.kind == ChangeKind::create) return writer.move(change.spot.path, place_.aside(i).path);
    if (const Status put = writer.replace(returns_[i].path, change.spot.path); !put) return put;
    const auto digest = place_.digest_at(change.spot);
    if (!digest) return digest.error();
    return *digest == change.sha256_before
               ? success()
               : Status(Error{ErrorKind::changed, change.spot.path + ": does not read back as it was"});
  }

  const Workplace& place_;
  Journal& journal_;
  std::map<std::size_t, Spot> returns_;  // by change: what takes the file's place
};

Status put_off(const Workplace& place) {
  const Spot configuration{0, place.machine.vm};
  storage::Writer& writer = place.writer(configuration);
  const auto text = writer.read(configuration.path);
  if (!text) return text.error();
  auto document = formats::text::Document::decode(*text);
  if (!is_flag_on(document, "ctkEnabled")) return success();
  set_flag(document, "ctkEnabled", false);
  const std::string waiting = place.putting_off().path;
  Status off = writer.create(waiting, document.encode(), configuration.path);
  if (off) off = writer.replace(waiting, configuration.path);
  return off ? place.sync() : off;
}

}  // namespace

void stay_off(const Workplace& place, Refusal& refusal) {
  if (const Status off = put_off(place); !off)
    refusal.message += "; and CBT could not be put off: " + off.error().message;
}

GoneBack reverse(const Workplace& place, Journal& journal, const Look& look) {
  if (check_untouched(place)) return {};
  if (auto refusal = may_go_back(place, look(place.machine))) return {.refusal = std::move(refusal), .error = {}};
  if (const Status gone = Reversal(place, journal).run(); !gone) return {.refusal = {}, .error = gone.error()};
  auto refusal = may_go_back(place, look(place.machine), true);
  if (!refusal) return {};
  stay_off(place, *refusal);
  return {.refusal = std::move(refusal), .stopped = true, .error = {}};
}

}  // namespace cbtctl::repair
