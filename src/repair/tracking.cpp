#include "repair/tracking.h"

#include <algorithm>
#include <span>

#include "formats/core/ascii.h"
#include "formats/core/path.h"
#include "formats/identify.h"
#include "formats/vmware/names.h"

namespace cbtctl::repair {

using formats::core::Result;
using model::Index;

namespace {

// The first that does not lie before that path.
auto first_from(const model::Datastore& datastore, Index target, const std::string& path) {
  const auto& all = datastore.tracking_files;  // by target and path
  return std::lower_bound(all.begin(), all.end(), path, [&](const auto& tracking, const std::string& wanted) {
    const model::File& file = datastore.files[tracking.file];
    return file.target != target ? file.target < target : file.path < wanted;
  });
}

}  // namespace

const model::TrackingFile* tracking_at(const model::Datastore& datastore, Index target, const std::string& path) {
  const auto found = first_from(datastore, target, path);
  if (found == datastore.tracking_files.end()) return nullptr;
  const model::File& file = datastore.files[found->file];
  return file.target == target && file.path == path && file.exists ? &*found : nullptr;
}

std::vector<const model::TrackingFile*> default_tracking(const model::Datastore& datastore, Index descriptor) {
  const model::File& disk = datastore.files[datastore.descriptors[descriptor].file];
  const std::string usual = formats::vmware::tracking_of_disk(disk.path);
  std::vector<const model::TrackingFile*> found;
  if (usual.empty()) return found;
  if (const auto* exact = tracking_at(datastore, disk.target, usual)) found.push_back(exact);
  std::string folder(formats::core::parent_of(disk.path));
  if (!folder.empty()) folder += '/';
  for (auto at = first_from(datastore, disk.target, folder); at != datastore.tracking_files.end(); ++at) {
    const model::File& file = datastore.files[at->file];
    if (file.target != disk.target || !file.path.starts_with(folder)) break;
    const bool is_alike = file.path != usual && formats::core::equal_ignoring_case(file.path, usual);
    const bool is_its_own = at->disk && *at->disk == datastore.descriptors[descriptor].file;
    if (is_alike && is_its_own && file.exists && at->named_by.empty()) found.push_back(&*at);
  }
  return found;
}

bool names_tracking(const model::Datastore& datastore, const model::Disk& disk) {
  bool names = false;
  for_own_links(disk,
                [&](Index index) { names |= datastore.descriptors[index].content.change_track_path.has_value(); });
  return names;
}

bool has_default_tracking(const model::Datastore& datastore, const model::Disk& disk) {
  bool has = false;
  for_own_links(disk, [&](Index index) { has |= !default_tracking(datastore, index).empty(); });
  return has;
}

namespace {

using analysis::EntryKind;
using analysis::TrackingFileFacts;
using analysis::TrackingRole;

EntryKind kind_of(storage::EntryType type) {
  switch (type) {
    case storage::EntryType::file:
      return EntryKind::file;
    case storage::EntryType::folder:
      return EntryKind::folder;
    case storage::EntryType::link:
      return EntryKind::link;
    case storage::EntryType::other:
      return EntryKind::device;
  }
  return EntryKind::device;
}

TrackingFileFacts facts_of_scan(const model::Datastore& datastore, Index target, const std::string& path,
                                TrackingRole role) {
  if (const auto* tracking = tracking_at(datastore, target, path))
    return analysis::facts_of(datastore, datastore.files[tracking->file], role);
  for (const model::File& file : datastore.files) {  // rarely: no CTK file by the scan
    if (file.path == path && file.target == target) return analysis::facts_of(datastore, file, role);
  }
  return {.path = path, .role = role, .type = {}, .other_user = {}};
}

}  // namespace

// A writer follows no link: what lies behind one is outside to it.
Result<TrackingFileFacts> facts_now(const model::Datastore& datastore, Index target, const std::string& path,
                                    TrackingRole role, storage::Writer& writer, const std::string& lies_at) {
  TrackingFileFacts facts = facts_of_scan(datastore, target, path, role);
  if (lies_at != path) facts.is_of_other_kind = false;  // of what lies in its place now
  const auto status = writer.status(lies_at);
  const bool behind_a_link = !status && status.error().kind == formats::core::ErrorKind::outside;
  if (!status && !behind_a_link) return status.error();
  facts.type = status ? kind_of(status->type) : EntryKind::link;
  if (facts.type != EntryKind::file) return facts;
  facts.size_bytes = status->size_bytes;
  const auto head = writer.head(lies_at);
  if (!head) return head.error();
  facts.kind = formats::identify(std::as_bytes(std::span(*head)), path);
  return facts;
}

Result<std::variant<Change, LeftAlone>> quarantine_of(const TrackingFileFacts& facts, const Spot& spot,
                                                      storage::Writer& writer, const std::string& description) {
  if (const auto why = analysis::tracking_file_verdict(facts))
    return std::variant<Change, LeftAlone>(LeftAlone{*why, analysis::in_words(*why, facts)});
  const auto status = writer.status(spot.path);
  if (!status) return status.error();
  return std::variant<Change, LeftAlone>(Change{.kind = ChangeKind::quarantine,
                                                .spot = spot,
                                                .description = description,
                                                .size_bytes = status->size_bytes,
                                                .modified_ns = status->modified_ns,
                                                .changed_ns = status->changed_ns});
}

TrackingRole role_of(const MachinePlan& machine, const Change& change) {
  const auto& unnamed = machine.intent.unnamed;
  const bool is_orphan = std::find(unnamed.begin(), unnamed.end(), change.spot) != unnamed.end();
  return is_orphan ? TrackingRole::orphan : TrackingRole::named;
}

}  // namespace cbtctl::repair
