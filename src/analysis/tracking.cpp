// What the bytes of a CTK file are worth to the descriptor that names it, and what its name makes of it where none
// does.
#include <string>

#include "analysis/cbt_state.h"
#include "formats/core/checked.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::analysis {
namespace {

using formats::core::sector_bytes;
using formats::ctk::Fit;
using model::ErrorKind;

std::string sectors_text(std::uint64_t sectors) { return std::to_string(sectors) + " sectors"; }

std::string table_end_text(const formats::ctk::Reading& reading) {
  return std::to_string(formats::ctk::table_end_bytes(reading));
}

TrackingVerdict without_header(const model::File& file) {
  if (!file.exists)
    return {.fits = false, .reason = "the CTK file " + file.path + " is missing", .code = ReasonCode::ctk_missing};
  if (file.error && file.error->kind != ErrorKind::malformed) {
    const bool busy = file.error->kind == ErrorKind::in_use;
    return {.fits = {},
            .reason = busy ? "the CTK file is in use" : "the CTK file cannot be read: " + file.error->message,
            .code = busy ? ReasonCode::ctk_in_use : ReasonCode::ctk_unreadable};
  }
  if (file.size_bytes == 0)
    return {.fits = false, .reason = "the CTK file is empty", .code = ReasonCode::ctk_unrecognised};
  if (file.kind == formats::FileKind::ctk) {
    return {.fits = false, .reason = "the CTK file is shorter than its header", .code = ReasonCode::ctk_unrecognised};
  }
  return {.fits = false, .reason = "the CTK file has no CTK signature", .code = ReasonCode::ctk_unrecognised};
}

std::optional<bool> fits_by(const formats::ctk::Reading& reading) {
  switch (reading.fit) {
    case Fit::fits:
    case Fit::padded:
      return true;
    case Fit::cut:
    case Fit::covers_less:
    case Fit::covers_more:
      return false;
    case Fit::not_understood:
      break;
  }
  return std::nullopt;
}

// Nothing where it fits.
std::optional<ReasonCode> code_of_fit(Fit fit) {
  switch (fit) {
    case Fit::fits:
      return std::nullopt;
    case Fit::padded:
      return ReasonCode::ctk_padded;
    case Fit::cut:
      return ReasonCode::ctk_cut;
    case Fit::covers_less:
      return ReasonCode::ctk_covers_less;
    case Fit::covers_more:
      return ReasonCode::ctk_covers_more;
    case Fit::not_understood:
      break;
  }
  return ReasonCode::ctk_not_understood;
}

// Empty where it fits and nothing more is to be said.
std::string words_of_fit(const formats::ctk::Reading& reading, std::uint64_t file_bytes, std::uint64_t disk_sectors) {
  const std::string size = std::to_string(file_bytes) + " bytes";
  switch (reading.fit) {
    case Fit::fits:
      return {};
    case Fit::padded:
      return "the CTK file goes on behind its table: it has " + size + ", the table needs " + table_end_text(reading);
    case Fit::cut:
      return "the CTK file is cut: it has " + size + ", its table needs " + table_end_text(reading);
    case Fit::covers_less:
    case Fit::covers_more:
      return "the CTK file covers " + sectors_text(formats::ctk::covered_sectors(reading, file_bytes)) +
             ", the disk has " + sectors_text(disk_sectors);
    case Fit::not_understood:
      break;
  }
  const std::string reason = "the CTK file's header is not understood";
  if (formats::ctk::size_explains(file_bytes, disk_sectors)) return reason;
  return reason + ", and its size of " + size + " explains a disk of " + sectors_text(disk_sectors) +
         " under no block size";
}

// "x-000001-ctk.vmdk": the name of a snapshot disk's CTK file.
bool names_a_snapshot(std::string_view path) {
  const auto name = formats::vmware::parse_name(formats::core::file_name(path));
  return name.kind == formats::vmware::NameKind::tracking && name.number;
}

}  // namespace

TrackingVerdict judge_header(const formats::ctk::Header& header, std::uint64_t file_bytes,
                             std::optional<std::uint64_t> capacity_bytes, std::optional<std::uint32_t> newest_entry) {
  std::optional<std::uint64_t> disk_sectors;
  if (capacity_bytes) disk_sectors = *capacity_bytes / sector_bytes;
  TrackingVerdict verdict{
      .fits = {},
      .reason = {},
      .code = {},
      .reading = formats::ctk::read(header, file_bytes, {.disk_sectors = disk_sectors, .newest_entry = newest_entry})};
  const formats::ctk::Reading& reading = *verdict.reading;
  if (const auto version = formats::ctk::version_note(reading)) {
    verdict.reason = "the CTK file has " + *version;
    verdict.code = ReasonCode::ctk_other_version;
    if (disk_sectors && reading.is_understood() && fits_by(reading) != true)
      verdict.reason += "; " + words_of_fit(reading, file_bytes, *disk_sectors);
  } else if (!disk_sectors) {
    verdict.reason = "the disk's capacity is not known";
    verdict.code = ReasonCode::capacity_unknown;
  } else {
    verdict.fits = fits_by(reading);
    verdict.reason = words_of_fit(reading, file_bytes, *disk_sectors);
    verdict.code = code_of_fit(reading.fit);
  }
  return verdict;
}

TrackingVerdict judge_tracking(const model::Datastore& datastore, const model::Descriptor& descriptor,
                               std::optional<std::uint32_t> newest_entry) {
  if (!descriptor.tracking->file) {
    return {.fits = {},
            .reason = "the CTK file " + descriptor.tracking->written + " lies outside the scan",
            .code = ReasonCode::ctk_outside_scan};
  }
  const model::File& file = datastore.files[*descriptor.tracking->file];
  if (file.tracking) {
    const model::TrackingFile& tracking = datastore.tracking_files[*file.tracking];
    if (tracking.is_data)
      return {.fits = false, .reason = file.path + " is disk data, no CTK file", .code = ReasonCode::ctk_is_data};
    const auto& header = tracking.header;
    if (header && file.size_bytes) {
      return judge_header(*header, *file.size_bytes, descriptor.content.capacity_bytes(), newest_entry);
    }
  }
  return without_header(file);
}

TrackingClass classify(const model::Datastore& datastore, const model::TrackingFile& tracking) {
  if (!tracking.named_by.empty()) return TrackingClass::in_use;
  if (tracking.disk || tracking.is_awaited) return TrackingClass::leftover;
  return names_a_snapshot(datastore.files[tracking.file].path) ? TrackingClass::orphan_snapshot : TrackingClass::orphan;
}

std::string_view name_of(TrackingClass tracking_class) {
  switch (tracking_class) {
    case TrackingClass::in_use:
      return "named";
    case TrackingClass::leftover:
      return "leftover";
    case TrackingClass::orphan:
      return "orphan";
    case TrackingClass::orphan_snapshot:
      return "orphan-snapshot";
  }
  return {};
}

}  // namespace cbtctl::analysis
