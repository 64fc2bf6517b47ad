// The tracking section of descriptors: left behind, on some links only, or with a version that contradicts it.
#include <algorithm>

#include "analysis/kept_by_others.h"
#include "analysis/subject.h"

namespace cbtctl::analysis {
namespace {

// What a key means that decides this disk is told as a finding of its own, and has to be settled first.
bool has_doubtful_key(const Subject& subject, const JudgedDisk& judged) {
  const auto& settings = subject.machine(judged).settings;
  const auto& own = judged.disk->settings;
  const auto is_malformed = [](const std::optional<formats::vmx::Flag>& flag) { return flag && !flag->value; };
  if (is_malformed(settings.ctk_enabled) || is_malformed(settings.ctk_disallowed) || is_malformed(own.ctk_enabled))
    return true;
  return std::any_of(settings.misspelt_keys.begin(), settings.misspelt_keys.end(), [&](const auto& key) {
    using formats::text::equal_ignoring_case;
    return equal_ignoring_case(key.meant, "ctkEnabled") || equal_ignoring_case(key.meant, own.slot + ".ctkEnabled");
  });
}

// Somebody else counts on what the link says: who takes its line out breaks his backups. Of a disk that is independent
// whoever else has it may.
bool is_tracked_by_another(const Subject& subject, const JudgedDisk& judged, const model::ChainLink& link) {
  const std::span<const Use> uses = subject.uses_of(*link.reference.file);
  return std::any_of(uses.begin(), uses.end(), [&](const Use& use) {
    if (!subject.is_another(use.disk->machine, judged.machine)) return false;
    const CbtState state = use.disk->verdict.state;
    return judged.verdict.state == CbtState::unsupported || state == CbtState::tracked || state == CbtState::broken ||
           state == CbtState::pending;
  });
}

// First-class disks, and what lies in objects, other products track.
bool may_be_left(const Subject& subject, const JudgedDisk& judged) {
  const auto& active = judged.disk->chain.front().reference.file;
  const bool is_theirs =
      active && (subject.lies_among_objects(subject.file(*active)) || keeper_of(subject.file(*active)) != nullptr);
  if (!active || is_theirs) return false;
  if (judged.verdict.state == CbtState::leftover) return !has_doubtful_key(subject, judged);
  return judged.verdict.state == CbtState::unsupported && judged.disk->settings.mode == "independent-persistent";
}

void check_leftover(const Subject& subject, const JudgedDisk& judged, Findings& out) {
  if (!may_be_left(subject, judged)) return;
  Finding finding = about_active_link(Code::cbt_leftover_tracking, subject, judged);
  for (const model::ChainLink& link : judged.disk->chain) {
    const model::Descriptor* descriptor = subject.descriptor(link);
    if (!link.own || descriptor == nullptr || !descriptor->tracking) continue;
    if (is_tracked_by_another(subject, judged, link)) return;
    finding.evidence.push_back({"changeTrackPath of " + link.reference.written, {}, descriptor->tracking->written});
  }
  if (!finding.evidence.empty()) out.found.push_back(std::move(finding));
}

// Change ids need a CTK file at every own link.
void check_mixed(const Subject& subject, const JudgedDisk& judged, Findings& out) {
  if (judged.verdict.state == CbtState::unreadable || judged.verdict.state == CbtState::unsupported) return;
  if (!has_both_keys(subject, judged)) return;
  Finding finding = about_active_link(Code::cbt_mixed_chain, subject, judged);
  std::size_t named = 0;
  std::size_t unnamed = 0;
  for (const model::ChainLink& link : judged.disk->chain) {
    const model::Descriptor* descriptor = subject.descriptor(link);
    if (!link.own || descriptor == nullptr) continue;
    ++(descriptor->tracking ? named : unnamed);
    if (!descriptor->tracking) {
      finding.evidence.push_back({"changeTrackPath of " + link.reference.written, "a CTK file", {}});
    }
  }
  if (named > 0 && unnamed > 0) out.found.push_back(std::move(finding));
}

void check_version(const Subject& subject, const model::Descriptor& descriptor, Findings& out) {
  const auto version = descriptor.content.version;
  // A damaged one may have lost the line.
  if (!descriptor.judged || !version || !descriptor.content.check().empty()) return;
  const bool without_line = *version == 3 && !descriptor.content.change_track_path;
  const bool too_low = *version < 3 && descriptor.content.change_track_path;
  if (!without_line && !too_low) return;
  Finding finding = about(Code::descriptor_version_mismatch, subject, descriptor.file);
  if (too_low && finding.fix == Fix::safe) finding.fix = Fix::choice;
  finding.evidence.push_back({"version",
                              too_low ? "3, since changeTrackPath is there" : "1, since there is no changeTrackPath",
                              std::to_string(*version)});
  out.found.push_back(std::move(finding));
}

}  // namespace

void check_tracking_sections(const Subject& subject, Findings& out) {
  for (const JudgedDisk& judged : subject.disks) {
    check_leftover(subject, judged, out);
    check_mixed(subject, judged, out);
  }
  for (const model::Descriptor& descriptor : subject.datastore.descriptors) check_version(subject, descriptor, out);
}

}  // namespace cbtctl::analysis
