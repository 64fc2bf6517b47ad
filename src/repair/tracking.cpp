#include "repair/tracking.h"

#include <algorithm>

#include "formats/vmware/names.h"

namespace cbtctl::repair {

using formats::core::Result;
using model::Index;

const model::TrackingFile* tracking_at(const model::Datastore& datastore, Index target, const std::string& path) {
  const auto& all = datastore.tracking_files;  // by target and path
  const auto found =
      std::lower_bound(all.begin(), all.end(), path, [&](const auto& tracking, const std::string& wanted) {
        const model::File& file = datastore.files[tracking.file];
        return file.target != target ? file.target < target : file.path < wanted;
      });
  if (found == all.end()) return nullptr;
  const model::File& file = datastore.files[found->file];
  return file.target == target && file.path == path && file.exists ? &*found : nullptr;
}

bool names_tracking(const model::Datastore& datastore, const model::Disk& disk) {
  bool names = false;
  for_own_links(disk,
                [&](Index index) { names |= datastore.descriptors[index].content.change_track_path.has_value(); });
  return names;
}

bool has_default_tracking(const model::Datastore& datastore, const model::Disk& disk) {
  bool has = false;
  for_own_links(disk, [&](Index index) {
    const model::File& file = datastore.files[datastore.descriptors[index].file];
    has |= tracking_at(datastore, file.target, formats::vmware::tracking_of_disk(file.path)) != nullptr;
  });
  return has;
}

Result<Change> quarantine_of(storage::Writer& writer, const Spot& spot, const std::string& why) {
  const auto status = writer.status(spot.path);
  if (!status) return status.error();
  if (status->type != storage::EntryType::file)
    return formats::core::Error{formats::core::ErrorKind::outside, spot.path + ": is not a regular file"};
  return Change{.kind = ChangeKind::quarantine,
                .spot = spot,
                .description = why,
                .size_bytes = status->size_bytes,
                .modified_ns = status->modified_ns,
                .changed_ns = status->changed_ns};
}

}  // namespace cbtctl::repair
