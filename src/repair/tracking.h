// Where a disk's CTK files are, and the move of one into the run's folder.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "analysis/tracking_file_verdict.h"
#include "model/datastore.h"
#include "repair/plan.h"
#include "storage/writer.h"

namespace cbtctl::repair {

[[nodiscard]] bool names_tracking(const model::Datastore& datastore, const model::Disk& disk);  // an own link does
// The files that are called like the CTK file of this disk, letter case aside: ESXi puts the next one there.
[[nodiscard]] std::vector<const model::TrackingFile*> default_tracking(const model::Datastore& datastore,
                                                                       model::Index descriptor);
// There is one, of an own link.
[[nodiscard]] bool has_default_tracking(const model::Datastore& datastore, const model::Disk& disk);
// Null: none is there.
[[nodiscard]] const model::TrackingFile* tracking_at(const model::Datastore& datastore, model::Index target,
                                                     const std::string& path);

// What the verdict on a file goes by, as it is now: its type, size and first bytes from the writer, the rest from the
// look at the datastore. `missing` where it is not there. What was moved aside lies at another path than its own.
formats::core::Result<analysis::TrackingFileFacts> facts_now(const model::Datastore& datastore, model::Index target,
                                                             const std::string& path, analysis::TrackingRole role,
                                                             storage::Writer& writer, const std::string& lies_at);
inline formats::core::Result<analysis::TrackingFileFacts> facts_now(const model::Datastore& datastore,
                                                                    model::Index target, const std::string& path,
                                                                    analysis::TrackingRole role,
                                                                    storage::Writer& writer) {
  return facts_now(datastore, target, path, role, writer, path);
}

// The one way to a step that moves a file: only what the verdict lets pass gets one; else why not, in words.
struct LeftAlone {
  analysis::Unmovable why{};
  std::string words;
};
formats::core::Result<std::variant<Change, LeftAlone>> quarantine_of(const analysis::TrackingFileFacts& facts,
                                                                     const Spot& spot, storage::Writer& writer,
                                                                     const std::string& description);
[[nodiscard]] analysis::TrackingRole role_of(const MachinePlan& machine, const Change& change);

// The descriptors of a disk's own links.
template <typename Visitor>
void for_own_links(const model::Disk& disk, Visitor&& visit) {
  for (const model::ChainLink& link : disk.chain) {
    if (link.own && link.descriptor) visit(*link.descriptor);
  }
}

}  // namespace cbtctl::repair
