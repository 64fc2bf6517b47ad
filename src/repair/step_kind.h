// What is done to files: the changes of a plan, and what else the journal notes. Its other lines are outcomes.
#pragma once

#include "formats/core/spelling.h"

namespace cbtctl::repair {

enum class ChangeKind { edit, quarantine, create };

inline constexpr auto change_kind_texts = std::to_array<formats::core::Spelling<ChangeKind>>({
    {ChangeKind::edit, "edit"},
    {ChangeKind::quarantine, "quarantine"},
    {ChangeKind::create, "create"},
});
static_assert(formats::core::is_whole(change_kind_texts, ChangeKind::create));

[[nodiscard]] constexpr std::string_view name_of(ChangeKind kind) {
  return formats::core::text_in(change_kind_texts, kind);
}
[[nodiscard]] constexpr std::optional<ChangeKind> change_kind_from(std::string_view text) {
  return formats::core::value_in(change_kind_texts, text);
}

enum class StepKind {
  begin,
  taking_back,
  restore,  // a change is taken back
  purged,
};

inline constexpr auto step_kind_texts = std::to_array<formats::core::Spelling<StepKind>>({
    {StepKind::begin, "begin"},
    {StepKind::taking_back, "taking-back"},
    {StepKind::restore, "restore"},
    {StepKind::purged, "purged"},
});
static_assert(formats::core::is_whole(step_kind_texts, StepKind::purged));

[[nodiscard]] constexpr std::string_view name_of(StepKind kind) {
  return formats::core::text_in(step_kind_texts, kind);
}

}  // namespace cbtctl::repair
