// CTK files that no descriptor names: orphans, and what is left beside its disk.
#include "analysis/subject.h"
#include "analysis/tracking_file_verdict.h"
#include "formats/core/checked.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::analysis {
namespace {

// Where both keys are TRUE a leftover stands where the next CTK file must go.
bool blocks_the_next(const Subject& subject, const model::TrackingFile& tracking) {
  const JudgedDisk* disk = subject.owners[*tracking.disk].disk;
  const auto name = formats::vmware::parse_name(formats::core::file_name(subject.file(tracking.file).path));
  if (name.kind != formats::vmware::NameKind::tracking) return false;  // put aside under another name
  return disk != nullptr && has_both_keys(subject, *disk);
}

Code code_of(TrackingClass kind) {
  if (kind == TrackingClass::leftover) return Code::ctk_leftover;
  return kind == TrackingClass::orphan ? Code::ctk_orphan : Code::ctk_orphan_snapshot;
}

std::string disk_of(const std::string& path) {
  const std::string disk = formats::vmware::disk_of_tracking(path);
  return disk.empty() ? "one that names it" : disk;
}

// How a header counts that shows neither capacity nor block size is not known, so nor is whose the file is.
bool is_understood(const Subject& subject, const model::TrackingFile& tracking) {
  const model::File& file = subject.file(tracking.file);
  if (!tracking.header || !file.size_bytes) return file.size_bytes == 0;
  std::optional<std::uint64_t> sectors;
  const auto& disk = tracking.disk ? subject.file(*tracking.disk).descriptor : std::nullopt;
  if (const auto capacity = disk ? subject.datastore.descriptors[*disk].content.capacity_bytes() : std::nullopt)
    sectors = *capacity / formats::core::sector_bytes;
  return formats::ctk::read(*tracking.header, *file.size_bytes, sectors).layout == formats::ctk::Layout::confirmed;
}

// What is no CTK file for certain stays, and the evidence says why.
void decide_fix(const Subject& subject, const model::TrackingFile& tracking, Finding& finding) {
  const auto facts = facts_of(subject.datastore, subject.file(tracking.file), TrackingRole::orphan);
  if (const auto why = tracking_file_verdict(facts)) {
    finding.fix = Fix::none;
    finding.evidence.push_back({"left alone", {}, in_words(*why, facts)});
  } else if (finding.fix == Fix::safe && !is_understood(subject, tracking)) {
    finding.fix = Fix::choice;
    finding.evidence.push_back({"header", "a capacity and a block size", "not understood"});
  }
}

void check_unnamed(const Subject& subject, const model::TrackingFile& tracking, Findings& out) {
  const Code code = code_of(classify(subject.datastore, tracking));
  Finding finding = about_unused(code, subject, tracking.file);
  if (code == Code::ctk_leftover) {
    if (const Finding of_disk = about(code, subject, *tracking.disk); of_disk.machine) {
      finding.machine = of_disk.machine;
      finding.slot = of_disk.slot;
    }
    if (blocks_the_next(subject, tracking)) finding.severity = Severity::error;
    finding.evidence.push_back({"named by", "a descriptor", {}});
  } else {
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
    const bool is_known = !tracking.header || tracking.header->version == 1;
    if (!tracking.named_by.empty() || !is_known || is_unread(file)) continue;
    if (!subject.is_silenced(file) && !subject.lies_among_objects(file)) check_unnamed(subject, tracking, out);
  }
}

}  // namespace cbtctl::analysis
