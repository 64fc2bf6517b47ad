// CTK files that no descriptor names: orphans, and what is left beside its disk.
#include <optional>
#include <string>
#include <unordered_set>

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

// What machines and snapshots name, whatever its letter case. Made when the first CTK file asks.
class NamedDisks {
 public:
  explicit NamedDisks(const Subject& subject) : subject_(subject) {
    for (const JudgedDisk& judged : subject.disks) {
      const bool is_tracked = has_both_keys(subject, judged);
      for (const model::ChainLink& link : judged.disk->chain) add(link.reference, is_tracked);
    }
    for (const model::SnapshotFile& list : subject.datastore.snapshot_files) {
      for (const model::Reference& frozen : list.frozen) add(frozen, false);
    }
  }

  // What is left of a disk that a machine or a snapshot names is no orphan, though its descriptor is gone.
  [[nodiscard]] bool has_disk_of(const model::File& tracking) const {
    const std::string disk = formats::vmware::disk_of_tracking(tracking.path);
    return !disk.empty() && paths_.contains(key_of(tracking.target, disk));
  }

  // An empty one of a snapshot to come: where both keys are TRUE the next snapshots fail on it.
  [[nodiscard]] bool fail_their_next_snapshot(const model::File& tracking) const {
    return tracking.size_bytes == 0 && tracked_stems_.contains(stem_key_of(tracking));
  }

 private:
  static std::string key_of(model::Index target, std::string_view path) {
    return std::to_string(target) + '/' + formats::text::lower(path);
  }
  static std::string stem_key_of(const model::File& file) {
    return std::to_string(file.target) + '/' + std::string(formats::core::parent_of(file.path)) + '/' +
           formats::text::lower(stem_of_disk(file.path));
  }

  void add(const model::Reference& reference, bool is_tracked) {
    if (!reference.file) return;
    const model::File& disk = subject_.file(*reference.file);
    paths_.insert(key_of(disk.target, disk.path));
    if (is_tracked) tracked_stems_.insert(stem_key_of(disk));
  }

  const Subject& subject_;
  std::unordered_set<std::string> paths_;
  std::unordered_set<std::string> tracked_stems_;
};

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

void check_unnamed(const Subject& subject, const model::TrackingFile& tracking, const NamedDisks& named,
                   Findings& out) {
  const Code code = code_of(classify(subject.datastore, tracking));
  if (code != Code::ctk_leftover && named.has_disk_of(subject.file(tracking.file))) return;
  Finding finding = about_unused(code, subject, tracking.file);
  if (code == Code::ctk_leftover) {
    if (const Finding of_disk = about(code, subject, *tracking.disk); of_disk.machine) {
      finding.machine = of_disk.machine;
      finding.slot = of_disk.slot;
    }
    if (blocks_the_next(subject, tracking)) finding.severity = Severity::error;
    finding.evidence.push_back({"named by", "a descriptor", {}});
  } else {
    if (code == Code::ctk_orphan_snapshot && named.fail_their_next_snapshot(subject.file(tracking.file)))
      finding.severity = Severity::error;
    finding.evidence.push_back({"descriptor", disk_of(finding.path), {}});
  }
  decide_fix(subject, tracking, finding);
  finding.certainty = subject.certainty_of_unnamed(subject.file(tracking.file));
  out.found.push_back(std::move(finding));
}

}  // namespace

void check_unnamed_tracking_files(const Subject& subject, Findings& out) {
  std::optional<NamedDisks> named;
  for (const model::TrackingFile& tracking : subject.datastore.tracking_files) {
    const model::File& file = subject.file(tracking.file);
    if (!tracking.named_by.empty() || is_unread(file) || tracking.is_awaited) continue;
    if (subject.is_silenced(file) || subject.lies_among_objects(file)) continue;
    if (!named) named.emplace(subject);
    check_unnamed(subject, tracking, *named, out);
  }
}

}  // namespace cbtctl::analysis
