// The way back, the same for a rollback, an undo and a recovery.
#pragma once

#include "repair/journal.h"
#include "repair/proof.h"
#include "repair/workplace.h"

namespace cbtctl::repair {

// How far the way back was gone.
struct GoneBack {
  std::optional<Refusal> refusal;  // it may not be gone (may_go_back.h)
  bool stopped = false;            // ... which showed at its end: CBT was put off again
  std::optional<formats::core::Error> error;
  [[nodiscard]] bool is_done() const { return !refusal && !error; }
};

// From whatever step the files are at to what they were, in reverse order: keys FALSE first, so that any prefix is CBT
// off too. Under the lock; asks `may_go_back` right before the first step and right after the last. Can be begun again
// at any point. `changed` where somebody else changed a file: then nothing more is done.
[[nodiscard]] GoneBack reverse(const Workplace& place, Journal& journal, const Look& look);

// The machine may have run while its files came back, or somebody has set a key over them: tables are in place that may
// have missed writes. The VM's key goes FALSE; recovery goes on from there. `refusal` tells where that fails.
void stay_off(const Workplace& place, Refusal& refusal);

}  // namespace cbtctl::repair
