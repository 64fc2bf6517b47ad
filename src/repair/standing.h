// Where a plan stands, told from the files alone: by their digests, so that carrying on and taking back can be begun
// again at any point, by anybody.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "repair/workplace.h"

namespace cbtctl::repair {

// The contents of one file through the plan: before its first edit, after it, after its second, ...
struct Contents {
  std::vector<std::string> digests;
  // A file may come back to earlier bytes: the latest state counts, since going back is right from any of them.
  [[nodiscard]] std::optional<std::size_t> find(const std::string& digest) const;
};
[[nodiscard]] std::map<Spot, Contents> contents_of(const MachinePlan& machine);

// A host tells whole seconds alone.
[[nodiscard]] bool is_same_time(std::int64_t a_ns, std::int64_t b_ns);

// Whether any step was done, told from the run's folder alone, whatever others did to the files.
[[nodiscard]] bool has_begun(const Workplace& place);

// Asks in advance what the questions below ask, as it is now; they answer to it until something is changed.
void look_at_standing(const Workplace& place);

// `changed` where a file is not as it should be.
[[nodiscard]] formats::core::Status check_untouched(const Workplace& place);  // nothing of the plan was begun
[[nodiscard]] formats::core::Status check_known(const Workplace& place);      // every file is at some step of it
[[nodiscard]] formats::core::Status check_done(const Workplace& place);       // all of it was done

// The witnesses that the plan itself edits, as they are now.
[[nodiscard]] std::vector<Witness> end_of(const Workplace& place);

// Why the machine may have run since the plan was made: something that a running machine writes has moved, or a new
// CTK file is there. Nothing: it provably has not. What the run itself moved or wrote is no sign. `is_back`: all its
// steps were just taken back.
[[nodiscard]] std::optional<std::string> ran_since(const Workplace& place, bool is_back = false);

}  // namespace cbtctl::repair
