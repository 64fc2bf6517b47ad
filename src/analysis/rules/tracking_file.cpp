// CTK files that nobody names, and CTK files held against the disk of each descriptor that names them.
#include <algorithm>
#include <map>

#include "analysis/catalogue.h"
#include "analysis/subject.h"
#include "formats/core/checked.h"
#include "formats/ctk/table.h"

namespace cbtctl::analysis {
namespace {

using formats::core::sector_bytes;
using formats::ctk::Layout;
using model::Index;

bool lies_in_object(const model::Descriptor& descriptor) {
  return formats::text::equal_ignoring_case(descriptor.content.create_type, "vsanSparse") ||
         std::any_of(descriptor.content.extents.begin(), descriptor.content.extents.end(), [](const auto& line) {
           return line.kind == formats::vmdk::ExtentKind::vsan_sparse || line.file_name.starts_with("vsan://") ||
                  line.file_name.starts_with("vvol://");
         });
}

// The default place of the CTK file of the disk `descriptor`: "x.vmdk" -> "x-ctk.vmdk".
bool stands_at_default(const model::File& ctk, const model::File& descriptor) {
  constexpr std::string_view suffix = ".vmdk";
  return ctk.target == descriptor.target && descriptor.path.ends_with(suffix) &&
         ctk.path == descriptor.path.substr(0, descriptor.path.size() - suffix.size()) + "-ctk.vmdk";
}

// Where both keys are TRUE a leftover stands where the next CTK file must go.
bool blocks_the_next(const Subject& subject, const model::File& ctk) {
  return std::any_of(subject.disks.begin(), subject.disks.end(), [&](const JudgedDisk& judged) {
    if (!is_true(subject.machine(judged).settings.ctk_enabled) || !is_true(judged.disk->settings.ctk_enabled))
      return false;
    return std::any_of(judged.disk->chain.begin(), judged.disk->chain.end(), [&](const model::ChainLink& link) {
      return link.own && link.reference.file && stands_at_default(ctk, subject.file(*link.reference.file));
    });
  });
}

void check_unnamed(const Subject& subject, const model::TrackingFile& tracking, Findings& out) {
  const model::File& file = subject.file(tracking.file);
  if (!file.exists || subject.is_silenced(file)) return;
  const TrackingClass kind = classify(subject.datastore, tracking);
  const Code code = kind == TrackingClass::leftover ? Code::ctk_leftover
                    : kind == TrackingClass::orphan ? Code::ctk_orphan
                                                    : Code::ctk_orphan_snapshot;
  Finding finding = about(code, file);
  if (subject.unread_descriptor) finding.certainty = Certainty::possible;
  if (code == Code::ctk_leftover && blocks_the_next(subject, file)) finding.severity = Severity::error;
  const std::string disk = file.path.substr(0, file.path.size() - std::min<std::size_t>(file.path.size(), 9)) + ".vmdk";
  if (code == Code::ctk_leftover) {
    finding.evidence.push_back({"named by", "a descriptor", {}});
  } else {
    finding.evidence.push_back({"descriptor", disk, {}});
  }
  out.found.push_back(std::move(finding));
}

struct Named {
  const model::Descriptor& descriptor;
  const model::File& ctk;
  const model::File& disk;
  bool foreign = false;
};

Finding about_tracking(Code code, const Subject& subject, const Named& named) {
  Finding finding = about(code, code == Code::ctk_missing ? named.disk : named.ctk);
  if (named.foreign) finding.fix = Fix::none;
  for (const JudgedDisk& judged : subject.disks) {
    for (const model::ChainLink& link : judged.disk->chain) {
      if (!link.own || link.descriptor != named.disk.descriptor) continue;
      finding.machine = judged.machine;
      finding.slot = judged.disk->settings.slot;
      return finding;
    }
  }
  return finding;
}

std::string sectors(std::uint64_t count) { return std::to_string(count) + " sectors"; }

void check_deep(const Subject& subject, const Named& named, Index file, const formats::ctk::Reading& reading,
                Findings& out) {
  if (!subject.opener || !reading.blocks || !reading.epoch) return;
  const auto source = subject.opener(file);
  const formats::ctk::TableShape shape{.blocks = *reading.blocks,
                                       .block_bytes = std::uint64_t{*reading.block_sectors} * sector_bytes,
                                       .capacity_bytes = *reading.capacity_sectors * sector_bytes};
  auto totals =
      source ? formats::ctk::total(**source, shape) : formats::core::Result<formats::ctk::TableTotals>(source.error());
  if (!totals) {
    out.skipped.push_back({"the table of " + named.ctk.path, totals.error().message});
    return;
  }
  if (totals->greatest_entry <= *reading.epoch) return;
  Finding finding = about_tracking(Code::ctk_epoch_ahead, subject, named);
  finding.evidence.push_back(
      {"newest entry", "at most " + std::to_string(*reading.epoch), std::to_string(totals->greatest_entry)});
  out.found.push_back(std::move(finding));
}

// At most one finding, the first that fits; whether the file fits.
bool check_named(const Subject& subject, const Named& named, Findings& out) {
  const TrackingVerdict verdict = judge_tracking(subject.datastore, named.descriptor);
  const auto raise = [&](Code code, Evidence evidence) {
    Finding finding = about_tracking(code, subject, named);
    if (code == Code::ctk_unrecognised && named.ctk.size_bytes == 0 && !named.foreign) finding.fix = Fix::safe;
    finding.evidence.push_back(std::move(evidence));
    out.found.push_back(std::move(finding));
    return false;
  };
  if (!named.ctk.exists) return raise(Code::ctk_missing, {"changeTrackPath", named.descriptor.tracking->written, {}});
  if (named.ctk.error && !is_damage(*named.ctk.error)) {
    out.skipped.push_back({named.ctk.path, named.ctk.error->message});
    return true;
  }
  const std::string size = std::to_string(named.ctk.size_bytes.value_or(0)) + " bytes";
  if (!verdict.reading) {
    const bool is_short = named.ctk.size_bytes && *named.ctk.size_bytes < formats::ctk::header_bytes;
    return raise(Code::ctk_unrecognised, is_short ? Evidence{"size", "at least 512 bytes", size}
                                                  : Evidence{"signature", "a2 72 19 f6", "other bytes"});
  }
  const formats::ctk::Reading& reading = *verdict.reading;
  if (reading.version != 1) return raise(Code::ctk_layout_unknown, {"version", "1", std::to_string(reading.version)});
  const auto capacity = named.descriptor.content.capacity_bytes();
  if (!capacity) return true;
  const std::uint64_t disk_sectors = *capacity / sector_bytes;
  if (reading.layout == Layout::confirmed && *reading.capacity_sectors < disk_sectors) {
    return raise(Code::ctk_covers_less, {"capacity", sectors(disk_sectors), sectors(*reading.capacity_sectors)});
  }
  if (reading.layout == Layout::confirmed && *reading.capacity_sectors > disk_sectors) {
    return raise(Code::ctk_size_mismatch, {"capacity", sectors(disk_sectors), sectors(*reading.capacity_sectors)});
  }
  if (reading.layout == Layout::confirmed) {
    check_deep(subject, named, *named.descriptor.tracking->file, reading, out);
    return true;
  }
  if (!formats::ctk::size_explains(*named.ctk.size_bytes, disk_sectors)) {
    return raise(Code::ctk_size_mismatch, {"size", "a table for " + sectors(disk_sectors), size});
  }
  return raise(Code::ctk_layout_unknown, {"header", "a capacity and a block size that explain " + size, {}});
}

// Too many CTK files that do not fit: then it is us who are wrong.
void doubt(const std::map<Index, std::pair<std::size_t, std::size_t>>& counts, Findings& out) {
  for (const auto& [target, count] : counts) {
    const auto& [with_signature, unfit] = count;
    if (unfit < 1 || with_signature < 4 || unfit * 3 <= with_signature) continue;
    for (Finding& finding : out.found) {
      if (row_of(finding.code).name.starts_with("ctk-")) finding.fix = Fix::none;
    }
    Finding finding = about(Code::ctk_format_doubted, {.target = target, .path = "."});
    finding.evidence.push_back(
        {"CTK files that fit", std::to_string(with_signature), std::to_string(with_signature - unfit)});
    out.found.push_back(std::move(finding));
  }
}

}  // namespace

void check_tracking_files(const Subject& subject, Findings& out) {
  const model::Datastore& datastore = subject.datastore;
  std::map<Index, std::pair<std::size_t, std::size_t>> counts;  // by target: with the signature, and not fitting
  for (const model::TrackingFile& tracking : datastore.tracking_files) {
    if (tracking.named_by.empty()) {
      check_unnamed(subject, tracking, out);
      continue;
    }
    const model::File& ctk = subject.file(tracking.file);
    std::size_t judged = 0;
    bool fits = true;
    bool found_one = false;
    for (const Index index : tracking.named_by) {
      const model::Descriptor& descriptor = datastore.descriptors[index];
      if (!descriptor.judged || lies_in_object(descriptor)) continue;
      ++judged;
      const auto verdict = judge_tracking(datastore, descriptor);
      fits = fits && verdict.fits == true;
      if (found_one && ctk.exists) continue;  // one finding per CTK file; each descriptor of a missing one is told
      found_one = !check_named(subject, {descriptor, ctk, subject.file(descriptor.file), subject.foreign[index]}, out);
    }
    if (judged > 0 && ctk.exists && tracking.header) {
      auto& [with_signature, unfit] = counts[ctk.target];
      ++with_signature;
      unfit += fits ? 0 : 1;
    }
    if (judged < 2) continue;
    Finding finding = about(Code::ctk_shared, ctk);
    for (const Index index : tracking.named_by) {
      if (datastore.descriptors[index].judged) {
        finding.evidence.push_back({"named by", {}, subject.file(datastore.descriptors[index].file).path});
      }
    }
    out.found.push_back(std::move(finding));
  }
  doubt(counts, out);
}

}  // namespace cbtctl::analysis
