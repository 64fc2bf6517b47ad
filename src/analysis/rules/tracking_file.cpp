// CTK files held against the disk of each descriptor that names them. The codes of a file that is wrong exclude each
// other: the first that fits any of its descriptors is told.
#include <algorithm>
#include <array>
#include <iterator>

#include "analysis/subject.h"
#include "analysis/tracking_file_verdict.h"
#include "formats/core/checked.h"
#include "formats/ctk/table.h"

namespace cbtctl::analysis {
namespace {

using formats::core::sector_bytes;
using formats::ctk::Fit;
using formats::ctk::Reading;
using model::Descriptor;
using model::Index;

constexpr std::array first_that_fits{Code::ctk_unrecognised, Code::ctk_covers_less, Code::ctk_size_mismatch,
                                     Code::ctk_epoch_ahead, Code::ctk_layout_unknown};

struct Wrong {
  Code code{};
  std::vector<Evidence> evidence;
  Certainty certainty = Certainty::hit;
};

std::string sectors(std::uint64_t count) { return std::to_string(count) + " sectors"; }
std::string in_bytes(std::uint64_t count) { return std::to_string(count) + " bytes"; }

// The newest entry of a table; nothing where it could not be read, which is told as skipped.
std::optional<std::uint32_t> newest_entry(const Subject& subject, Index file, const Reading& reading, Findings& out) {
  const auto source = subject.opener(file);
  const auto shape = formats::ctk::table_shape(reading);
  if (!shape) return std::nullopt;
  const auto totals =
      source ? formats::ctk::total(**source, *shape) : formats::core::Result<formats::ctk::TableTotals>(source.error());
  if (totals) return totals->greatest_entry;
  out.skipped.push_back({.what = "the table of " + subject.file(file).path,
                         .why = totals.error().message,
                         .machine = subject.owners[file].machine,
                         .reason = reason_of(totals.error()),
                         .target = subject.file(file).target,
                         .path = subject.file(file).path});
  return std::nullopt;
}

// With a deep look: an entry that is newer than every word of the header that could be the epoch.
std::optional<Wrong> judge_entries(const Subject& subject, const Descriptor& descriptor, const Reading& reading,
                                   Findings& out) {
  const Index file = *descriptor.tracking->file;
  const auto newest = subject.opener ? newest_entry(subject, file, reading, out) : std::nullopt;
  if (!newest) return std::nullopt;
  const Reading deep = judge_tracking(subject.datastore, descriptor, newest).reading.value_or(Reading{});
  if (!deep.is_behind_table) return std::nullopt;
  const std::string expected = reading.epoch ? "at most " + std::to_string(*reading.epoch) : "at most the epoch";
  return Wrong{Code::ctk_epoch_ahead, {{"newest entry", expected, std::to_string(*newest)}}, Certainty::possible};
}

// Other data is told as such: its line goes, the file stays.
Wrong unrecognised(const Subject& subject, const model::File& ctk) {
  const auto facts = facts_of(subject.datastore, ctk, TrackingRole::named);
  if (const auto why = tracking_file_verdict(facts))
    return {Code::ctk_unrecognised, {{"content", "a CTK file", in_words(*why, facts)}}};
  const bool is_short = ctk.size_bytes && *ctk.size_bytes < formats::ctk::header_bytes;
  if (!is_short) return {Code::ctk_unrecognised, {{"signature", "a2 72 19 f6", "other bytes"}}};
  return {Code::ctk_unrecognised, {{"size", "at least 512 bytes", in_bytes(*ctk.size_bytes)}}};
}

Wrong not_understood(const Reading& reading, std::uint64_t file_bytes, std::uint64_t disk_sectors) {
  const std::string size = in_bytes(file_bytes);
  if (reading.version != 1) return {Code::ctk_layout_unknown, {{"version", "1", std::to_string(reading.version)}}};
  if (formats::ctk::size_explains(file_bytes, disk_sectors))
    return {Code::ctk_layout_unknown, {{"header", "a capacity and a block size that explain " + size, {}}}};
  return {Code::ctk_size_mismatch, {{"size", "a table for " + sectors(disk_sectors), size}}};
}

// By the numbers of the header alone; nothing where they fit.
std::optional<Wrong> judge_fit(const Reading& reading, std::uint64_t file_bytes, std::uint64_t disk_sectors) {
  const auto covers = [&](Code code) {
    const std::uint64_t covered = formats::ctk::covered_sectors(reading, file_bytes);
    return Wrong{code, {{"capacity", sectors(disk_sectors), sectors(covered)}}};
  };
  switch (reading.fit) {
    case Fit::fits:
    case Fit::padded:
      break;
    case Fit::cut:
      return Wrong{Code::ctk_size_mismatch,
                   {{"size", in_bytes(formats::ctk::table_end_bytes(reading)), in_bytes(file_bytes)}}};
    case Fit::covers_less:
      return covers(Code::ctk_covers_less);
    case Fit::covers_more:
      return covers(Code::ctk_size_mismatch);
    case Fit::not_understood:
      return not_understood(reading, file_bytes, disk_sectors);
  }
  return std::nullopt;
}

std::optional<Wrong> judge_named(const Subject& subject, const Descriptor& descriptor, Findings& out) {
  const model::File& ctk = subject.file(*descriptor.tracking->file);
  const TrackingVerdict verdict = judge_tracking(subject.datastore, descriptor);
  if (!verdict.reading) return unrecognised(subject, ctk);
  const Reading& reading = *verdict.reading;
  const auto capacity = descriptor.content.capacity_bytes();
  if (!capacity) return std::nullopt;
  auto wrong = judge_fit(reading, *ctk.size_bytes, *capacity / sector_bytes);
  if (!wrong) wrong = judge_entries(subject, descriptor, reading, out);
  // What rests on reading another version as the first is no more than possible.
  if (wrong && reading.version != 1 && reading.is_understood()) {
    wrong->certainty = Certainty::possible;
    wrong->evidence.push_back({"layout", {}, *formats::ctk::version_note(reading)});
  }
  return wrong;
}

bool rests_on_another_version(const Subject& subject, Index file) {
  const auto& tracking = subject.file(file).tracking;
  const auto& header = tracking ? subject.datastore.tracking_files[*tracking].header : std::nullopt;
  return header && header->version != 1;
}

// A finding about a CTK file, of the disk whose descriptor names it.
Finding about_tracking(Code code, const Subject& subject, Index file, const Descriptor& named_by) {
  Finding finding = about(code, subject, file);
  const Finding of_disk = about(code, subject, named_by.file);
  finding.machine = of_disk.machine;
  finding.slot = of_disk.slot;
  finding.fix = of_disk.fix;
  return finding;
}

void raise_missing(const Subject& subject, const Descriptor& descriptor, Findings& out) {
  Finding finding = about(Code::ctk_missing, subject, descriptor.file);
  finding.evidence.push_back({"changeTrackPath", descriptor.tracking->written, {}});
  out.found.push_back(std::move(finding));
}

bool is_empty_tracking(const Subject& subject, Index index) {
  const model::File& file = subject.file(index);
  return file.size_bytes == 0 && !tracking_file_verdict(facts_of(subject.datastore, file, TrackingRole::named));
}

void raise_wrong(const Subject& subject, Index file, std::span<const Descriptor* const> named_by, Findings& out) {
  const auto rank = [](Code code) { return std::find(first_that_fits.begin(), first_that_fits.end(), code); };
  std::optional<Wrong> worst;
  const Descriptor* by = nullptr;
  for (const Descriptor* descriptor : named_by) {
    auto wrong = judge_named(subject, *descriptor, out);
    if (!wrong || (worst && rank(worst->code) <= rank(wrong->code))) continue;
    worst = std::move(wrong);
    by = descriptor;
  }
  if (!worst) return;
  Finding finding = about_tracking(worst->code, subject, file, *by);
  if (worst->code == Code::ctk_unrecognised && finding.fix == Fix::choice && is_empty_tracking(subject, file))
    finding.fix = Fix::safe;
  if (rests_on_another_version(subject, file)) finding.fix = Fix::none;
  finding.certainty = worst->certainty;
  std::ranges::move(worst->evidence, std::back_inserter(finding.evidence));
  out.found.push_back(std::move(finding));
}

void raise_shared(const Subject& subject, Index file, std::span<const Descriptor* const> named_by, Findings& out) {
  Finding finding = about_tracking(Code::ctk_shared, subject, file, *named_by.front());
  finding.machine.reset();
  finding.slot.clear();
  for (const Descriptor* descriptor : named_by) {
    finding.evidence.push_back({"named by", {}, subject.file(descriptor->file).path});
  }
  out.found.push_back(std::move(finding));
}

void check_file(const Subject& subject, const model::TrackingFile& tracking, Findings& out) {
  std::vector<const Descriptor*> named_by;
  for (const Index index : tracking.named_by) {
    const Descriptor& descriptor = subject.datastore.descriptors[index];
    if (descriptor.judged && !subject.lies_among_objects(subject.file(descriptor.file)))
      named_by.push_back(&descriptor);
  }
  const model::File& ctk = subject.file(tracking.file);
  if (!ctk.exists) {
    for (const Descriptor* descriptor : named_by) raise_missing(subject, *descriptor, out);
  } else if (!is_unread(ctk)) {
    raise_wrong(subject, tracking.file, named_by, out);
  }
  if (named_by.size() > 1) raise_shared(subject, tracking.file, named_by, out);
}

}  // namespace

void check_tracking_files(const Subject& subject, Findings& out) {
  for (const model::TrackingFile& tracking : subject.datastore.tracking_files) check_file(subject, tracking, out);
}

}  // namespace cbtctl::analysis
