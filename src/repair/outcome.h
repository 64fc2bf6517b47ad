// What became of a machine, as results and the journal name it.
#pragma once

#include "formats/core/spelling.h"

namespace cbtctl::repair {

enum class Outcome {
  changed,
  restored,
  refused,
  rolled_back,
  failed,
  cancelled,   // its turn never came
  unfinished,  // no outcome was written
  not_begun,   // of a run that was stopped: its turn never came
};

inline constexpr auto outcome_texts = std::to_array<formats::core::Spelling<Outcome>>({
    {Outcome::changed, "changed"},
    {Outcome::restored, "restored"},
    {Outcome::refused, "refused"},
    {Outcome::rolled_back, "rolled-back"},
    {Outcome::failed, "failed"},
    {Outcome::cancelled, "cancelled"},
    {Outcome::unfinished, "unfinished"},
    {Outcome::not_begun, "not-begun"},
});
static_assert(formats::core::is_whole(outcome_texts, Outcome::not_begun));

[[nodiscard]] constexpr std::string_view name_of(Outcome outcome) {
  return formats::core::text_in(outcome_texts, outcome);
}
[[nodiscard]] constexpr std::optional<Outcome> outcome_from(std::string_view text) {
  return formats::core::value_in(outcome_texts, text);
}

}  // namespace cbtctl::repair
