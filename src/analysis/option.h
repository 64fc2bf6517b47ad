// What an operator can choose where a fix is a choice: `--choose CODE=OPTION`.
#pragma once

#include "formats/core/spelling.h"

namespace cbtctl::analysis {

enum class Option {
  adopt_parent_cid,
  disable,
  enable,
  set_false,
  keep_first,
  keep_last,
  quarantine,
  remove,
  rename,
  restart,
  set_true,
};

inline constexpr auto option_texts = std::to_array<formats::core::Spelling<Option>>({
    {Option::adopt_parent_cid, "adopt-parent-cid"},
    {Option::disable, "disable"},
    {Option::enable, "enable"},
    {Option::set_false, "false"},
    {Option::keep_first, "keep-first"},
    {Option::keep_last, "keep-last"},
    {Option::quarantine, "quarantine"},
    {Option::remove, "remove"},
    {Option::rename, "rename"},
    {Option::restart, "restart"},
    {Option::set_true, "true"},
});
static_assert(formats::core::is_whole(option_texts, Option::set_true));

[[nodiscard]] constexpr std::optional<Option> option_from(std::string_view text) {
  return formats::core::value_in(option_texts, text);
}

}  // namespace cbtctl::analysis
