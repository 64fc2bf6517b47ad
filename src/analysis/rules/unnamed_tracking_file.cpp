// CTK files that no descriptor names: orphans, and what is left beside its disk.
#include <algorithm>

#include "analysis/subject.h"
#include "analysis/tracking_file_verdict.h"
#include "formats/core/ascii.h"
#include "formats/core/checked.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::analysis {
namespace {

using formats::vmware::stem_of_disk;

// Where both keys are TRUE a leftover stands where the next CTK file must go.
bool blocks_the_next(const Subject& subject, const model::TrackingFile& tracking) {
  const JudgedDisk* disk = subject.owners[*tracking.disk].disk;
  const auto name = formats::vmware::parse_name(formats::core::file_name(subject.file(tracking.file).path));
  if (name.kind != formats::vmware::NameKind::tracking) return false;  // put aside under another name
  return disk != nullptr && has_both_keys(subject, *disk);
}

// An empty one of a snapshot to come: where both keys are TRUE the next snapshots fail on it.
bool fails_the_next_snapshot(const Subject& subject, const model::File& file) {
  const auto is_of_its_stem = [&](const model::ChainLink& link) {
    if (!link.reference.file) return false;
    const model::File& disk = subject.file(*link.reference.file);
    return lies_beside(disk, file) &&
           formats::core::equal_ignoring_case(stem_of_disk(disk.path), stem_of_disk(file.path));
  };
  return file.size_bytes == 0 && std::ranges::any_of(subject.disks, [&](const JudgedDisk& judged) {
           return has_both_keys(subject, judged) && std::ranges::any_of(judged.disk->chain, is_of_its_stem);
         });
}

// What is left of a disk that a machine or a snapshot names is no orphan, though its descriptor is gone.
bool has_named_disk(const Subject& subject, const model::File& file) {
  const std::string wanted = formats::vmware::disk_of_tracking(file.path);
  const auto is_wanted = [&](const model::Reference& reference) {
    if (wanted.empty() || !reference.file) return false;
    const model::File& disk = subject.file(*reference.file);
    return disk.target == file.target && formats::core::equal_ignoring_case(disk.path, wanted);
  };
  return std::ranges::any_of(subject.disks,
                             [&](const JudgedDisk& judged) {
                               return std::ranges::any_of(judged.disk->chain, is_wanted, &model::ChainLink::reference);
                             }) ||
         std::ranges::any_of(subject.datastore.snapshot_files, [&](const model::SnapshotFile& list) {
           return std::ranges::any_of(list.frozen, is_wanted);
         });
}

Code code_of(TrackingClass kind) {
  if (kind == TrackingClass::leftover) return Code::ctk_leftover;
  return kind == TrackingClass::orphan ? Code::ctk_orphan : Code::ctk_orphan_snapshot;
}

std::string disk_of(const std::string& path) {
  const std::string disk = formats::vmware::disk_of_tracking(path);
  return disk.empty() ? "one that names it" : disk;
}

// Why it is a choice: how a header counts that shows neither capacity nor block size, or is of another version, is not
// known, so nor is whose the file is.
std::optional<Evidence> why_a_choice(const Subject& subject, const model::TrackingFile& tracking) {
  const model::File& file = subject.file(tracking.file);
  const Evidence strange{"header", "a capacity and a block size", "not understood"};
  if (!tracking.header || !file.size_bytes) return file.size_bytes == 0 ? std::nullopt : std::optional(strange);
  std::optional<std::uint64_t> sectors;
  const auto& disk = tracking.disk ? subject.file(*tracking.disk).descriptor : std::nullopt;
  if (const auto capacity = disk ? subject.datastore.descriptors[*disk].content.capacity_bytes() : std::nullopt)
    sectors = *capacity / formats::core::sector_bytes;
  const auto reading = formats::ctk::read(*tracking.header, *file.size_bytes, {.disk_sectors = sectors});
  if (const auto version = formats::ctk::version_note(reading)) return Evidence{"layout", {}, *version};
  return reading.is_understood() ? std::nullopt : std::optional(strange);
}

// What is no CTK file for certain stays, and the evidence says why.
void decide_fix(const Subject& subject, const model::TrackingFile& tracking, Finding& finding) {
  const auto facts = facts_of(subject.datastore, subject.file(tracking.file), TrackingRole::orphan);
  if (const auto why = tracking_file_verdict(facts)) {
    finding.fix = Fix::none;
    finding.evidence.push_back({"left alone", {}, in_words(*why, facts)});
  } else if (auto evidence = why_a_choice(subject, tracking); evidence && finding.fix == Fix::safe) {
    finding.fix = Fix::choice;
    finding.evidence.push_back(std::move(*evidence));
  }
}

void check_unnamed(const Subject& subject, const model::TrackingFile& tracking, Findings& out) {
  const Code code = code_of(classify(subject.datastore, tracking));
  if (code != Code::ctk_leftover && has_named_disk(subject, subject.file(tracking.file))) return;
  Finding finding = about_unused(code, subject, tracking.file);
  if (code == Code::ctk_leftover) {
    if (const Finding of_disk = about(code, subject, *tracking.disk); of_disk.machine) {
      finding.machine = of_disk.machine;
      finding.slot = of_disk.slot;
    }
    if (blocks_the_next(subject, tracking)) finding.severity = Severity::error;
    finding.evidence.push_back({"named by", "a descriptor", {}});
  } else {
    if (code == Code::ctk_orphan_snapshot && fails_the_next_snapshot(subject, subject.file(tracking.file)))
      finding.severity = Severity::error;
    finding.evidence.push_back({"descriptor", disk_of(finding.path), {}});
  }
  decide_fix(subject, tracking, finding);
  finding.certainty = subject.certainty_of_unnamed(subject.file(tracking.file));
  out.found.push_back(std::move(finding));
}

}  // namespace

void check_unnamed_tracking_files(const Subject& subject, Findings& out) {
  for (const model::TrackingFile& tracking : subject.datastore.tracking_files) {
    const model::File& file = subject.file(tracking.file);
    if (!tracking.named_by.empty() || is_unread(file) || tracking.is_awaited) continue;
    if (!subject.is_silenced(file) && !subject.lies_among_objects(file)) check_unnamed(subject, tracking, out);
  }
}

}  // namespace cbtctl::analysis
