// Where a disk's CTK files are, and the move of one into the run's folder.
#pragma once

#include <string>

#include "model/datastore.h"
#include "repair/plan.h"
#include "storage/writer.h"

namespace cbtctl::repair {

[[nodiscard]] bool names_tracking(const model::Datastore& datastore, const model::Disk& disk);  // an own link does
// A CTK file stands where ESXi puts the next one of an own link.
[[nodiscard]] bool has_default_tracking(const model::Datastore& datastore, const model::Disk& disk);
// Null: none is there.
[[nodiscard]] const model::TrackingFile* tracking_at(const model::Datastore& datastore, model::Index target,
                                                     const std::string& path);

formats::core::Result<Change> quarantine_of(storage::Writer& writer, const Spot& spot, const std::string& why);

// The descriptors of a disk's own links.
template <typename Visitor>
void for_own_links(const model::Disk& disk, Visitor&& visit) {
  for (const model::ChainLink& link : disk.chain) {
    if (link.own && link.descriptor) visit(*link.descriptor);
  }
}

}  // namespace cbtctl::repair
