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
using formats::ctk::Layout;
using model::ErrorKind;

std::string sectors_text(std::uint64_t sectors) { return std::to_string(sectors) + " sectors"; }

TrackingVerdict without_header(const model::File& file) {
  if (!file.exists) return {.fits = false, .reason = "the CTK file " + file.path + " is missing", .reading = {}};
  if (file.error && file.error->kind != ErrorKind::malformed) {
    const bool busy = file.error->kind == ErrorKind::in_use;
    return {.fits = {},
            .reason = busy ? "the CTK file is in use" : "the CTK file cannot be read: " + file.error->message,
            .reading = {}};
  }
  if (file.size_bytes == 0) return {.fits = false, .reason = "the CTK file is empty", .reading = {}};
  if (file.kind == formats::FileKind::ctk) {
    return {.fits = false, .reason = "the CTK file is shorter than its header", .reading = {}};
  }
  return {.fits = false, .reason = "the CTK file has no CTK signature", .reading = {}};
}

// "x-000001-ctk.vmdk": the name of a snapshot disk's CTK file.
bool names_a_snapshot(std::string_view path) {
  const auto name = formats::vmware::parse_name(formats::core::file_name(path));
  return name.kind == formats::vmware::NameKind::tracking && name.number;
}

}  // namespace

TrackingVerdict judge_header(const formats::ctk::Header& header, std::uint64_t file_bytes,
                             std::optional<std::uint64_t> capacity_bytes) {
  std::optional<std::uint64_t> disk_sectors;
  if (capacity_bytes) disk_sectors = *capacity_bytes / sector_bytes;
  TrackingVerdict verdict{.fits = {}, .reason = {}, .reading = formats::ctk::read(header, file_bytes, disk_sectors)};
  const formats::ctk::Reading& reading = *verdict.reading;
  if (reading.version != 1) {
    verdict.reason = "the CTK file has version " + std::to_string(reading.version) + ", whose layout is not known";
  } else if (!disk_sectors) {
    verdict.reason = "the disk's capacity is not known";
  } else if (reading.layout == Layout::inferred) {
    verdict.reason = "the CTK file's header is not understood";
  } else if (reading.layout == Layout::unrecognised) {
    verdict.fits = false;
    verdict.reason = "the CTK file's size of " + std::to_string(file_bytes) + " bytes explains a disk of " +
                     sectors_text(*disk_sectors) + " under no block size";
  } else if (*reading.capacity_sectors != *disk_sectors) {
    verdict.fits = false;
    verdict.reason = "the CTK file covers " + sectors_text(*reading.capacity_sectors) + ", the disk has " +
                     sectors_text(*disk_sectors);
  } else {
    verdict.fits = true;
  }
  return verdict;
}

TrackingVerdict judge_tracking(const model::Datastore& datastore, const model::Descriptor& descriptor) {
  if (!descriptor.tracking->file) {
    return {
        .fits = {}, .reason = "the CTK file " + descriptor.tracking->written + " lies outside the scan", .reading = {}};
  }
  const model::File& file = datastore.files[*descriptor.tracking->file];
  if (file.tracking) {
    const model::TrackingFile& tracking = datastore.tracking_files[*file.tracking];
    if (tracking.is_data) return {.fits = false, .reason = file.path + " is disk data, no CTK file", .reading = {}};
    const auto& header = tracking.header;
    if (header && file.size_bytes) {
      return judge_header(*header, *file.size_bytes, descriptor.content.capacity_bytes());
    }
  }
  return without_header(file);
}

TrackingClass classify(const model::Datastore& datastore, const model::TrackingFile& tracking) {
  if (!tracking.named_by.empty()) return TrackingClass::in_use;
  if (tracking.disk) return TrackingClass::leftover;
  return names_a_snapshot(datastore.files[tracking.file].path) ? TrackingClass::orphan_snapshot : TrackingClass::orphan;
}

std::string_view name_of(TrackingClass tracking_class) {
  switch (tracking_class) {
    case TrackingClass::in_use:
      return "in-use";
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
