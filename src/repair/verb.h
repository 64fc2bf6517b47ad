// The verbs that change machines. A plan is of one of the first five; the others carry plans out, or take them back.
#pragma once

#include "formats/core/spelling.h"

namespace cbtctl::repair {

enum class Verb {
  enable,
  disable,
  reset,
  clean,
  repair,
  apply,
  undo,
};

inline constexpr auto verb_texts = std::to_array<formats::core::Spelling<Verb>>({
    {Verb::enable, "enable"},
    {Verb::disable, "disable"},
    {Verb::reset, "reset"},
    {Verb::clean, "clean"},
    {Verb::repair, "repair"},
    {Verb::apply, "apply"},
    {Verb::undo, "undo"},
});
static_assert(formats::core::is_whole(verb_texts, Verb::undo));

[[nodiscard]] constexpr std::string_view name_of(Verb verb) { return formats::core::text_in(verb_texts, verb); }
[[nodiscard]] constexpr std::optional<Verb> verb_from(std::string_view text) {
  return formats::core::value_in(verb_texts, text);
}

}  // namespace cbtctl::repair
