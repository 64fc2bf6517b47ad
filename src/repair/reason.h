// Why a machine is refused.
#pragma once

#include "formats/core/spelling.h"

namespace cbtctl::repair {

enum class Reason {
  powered_on,
  suspended,
  power_unknown,
  locked,
  pending_task,
  not_registered,
  has_snapshots,
  needs_consolidation,
  hardware_too_old,
  no_trackable_disk,
  disallowed,
  is_template,
  encrypted,
  shared_disk,
  vsan_or_vvol,
  duplicate_keys,
  outside_scan,
  unreadable,
  unreachable,
  changed_meanwhile,
  ran_since,
  too_young,
  already_done,
  would_be_tracked,
  not_a_ctk_file,
};

inline constexpr auto reason_texts = std::to_array<formats::core::Spelling<Reason>>({
    {Reason::powered_on, "powered-on"},
    {Reason::suspended, "suspended"},
    {Reason::power_unknown, "power-unknown"},
    {Reason::locked, "locked"},
    {Reason::pending_task, "pending-task"},
    {Reason::not_registered, "not-registered"},
    {Reason::has_snapshots, "has-snapshots"},
    {Reason::needs_consolidation, "needs-consolidation"},
    {Reason::hardware_too_old, "hardware-too-old"},
    {Reason::no_trackable_disk, "no-trackable-disk"},
    {Reason::disallowed, "disallowed"},
    {Reason::is_template, "template"},
    {Reason::encrypted, "encrypted"},
    {Reason::shared_disk, "shared-disk"},
    {Reason::vsan_or_vvol, "vsan-or-vvol"},
    {Reason::duplicate_keys, "duplicate-keys"},
    {Reason::outside_scan, "outside-scan"},
    {Reason::unreadable, "unreadable"},
    {Reason::unreachable, "unreachable"},
    {Reason::changed_meanwhile, "changed-meanwhile"},
    {Reason::ran_since, "ran-since"},
    {Reason::too_young, "too-young"},
    {Reason::already_done, "already-done"},
    {Reason::would_be_tracked, "would-be-tracked"},
    {Reason::not_a_ctk_file, "not-a-ctk-file"},
});
static_assert(formats::core::is_whole(reason_texts, Reason::not_a_ctk_file));

[[nodiscard]] constexpr std::string_view name_of(Reason reason) { return formats::core::text_in(reason_texts, reason); }
[[nodiscard]] constexpr std::optional<Reason> reason_from(std::string_view text) {
  return formats::core::value_in(reason_texts, text);
}

}  // namespace cbtctl::repair
