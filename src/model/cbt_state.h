// A disk's Changed Block Tracking state; what each means: analysis/cbt_state.h.
#pragma once

#include "formats/core/spelling.h"

namespace cbtctl::model {

enum class CbtState { unreadable, unsupported, tracked, broken, pending, leftover, off, partial };

inline constexpr auto cbt_state_texts = std::to_array<formats::core::Spelling<CbtState>>({
    {CbtState::unreadable, "unreadable"},
    {CbtState::unsupported, "unsupported"},
    {CbtState::tracked, "tracked"},
    {CbtState::broken, "broken"},
    {CbtState::pending, "pending"},
    {CbtState::leftover, "leftover"},
    {CbtState::off, "off"},
    {CbtState::partial, "partial"},
});
static_assert(formats::core::is_whole(cbt_state_texts, CbtState::partial));

[[nodiscard]] constexpr std::string_view name_of(CbtState state) {
  return formats::core::text_in(cbt_state_texts, state);
}
[[nodiscard]] constexpr std::optional<CbtState> cbt_state_from(std::string_view text) {
  return formats::core::value_in(cbt_state_texts, text);
}

}  // namespace cbtctl::model
