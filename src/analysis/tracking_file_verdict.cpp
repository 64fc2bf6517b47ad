#include "analysis/tracking_file_verdict.h"

#include "formats/core/path.h"
#include "formats/core/spelling.h"
#include "formats/vmware/names.h"

namespace cbtctl::analysis {
namespace {

using formats::FileKind;
using formats::vmware::NameKind;

constexpr auto unmovable_words = std::to_array<formats::core::Spelling<Unmovable>>({
    {Unmovable::link, "is a symbolic link"},
    {Unmovable::folder, "is a folder"},
    {Unmovable::device, "is no regular file"},
    {Unmovable::called_like_data, "is called like disk data"},
    {Unmovable::extent, "is the data of a disk: a descriptor names it as its extent"},
    {Unmovable::other_content, "holds something else than change tracking"},
    {Unmovable::too_large, "is larger than 64 MiB, which no CTK file is"},
    {Unmovable::used_by_others, "is named by another descriptor"},
    {Unmovable::not_called_tracking, "is not called *-ctk.vmdk"},
    {Unmovable::without_signature, "has no CTK signature"},
});
static_assert(formats::core::is_whole(unmovable_words, Unmovable::without_signature));

NameKind kind_of_name(const std::string& path) {
  return formats::vmware::parse_name(formats::core::file_name(path)).kind;
}

std::optional<Unmovable> judge_type(EntryKind type) {
  switch (type) {
    case EntryKind::file:
      return std::nullopt;
    case EntryKind::link:
      return Unmovable::link;
    case EntryKind::folder:
      return Unmovable::folder;
    case EntryKind::device:
      return Unmovable::device;
  }
  return Unmovable::device;
}

// A damaged CTK file is known by its name alone; nothing else may have written into a file of that name what it holds.
std::optional<Unmovable> judge_content(const TrackingFileFacts& facts, bool is_called_tracking) {
  if (facts.is_of_other_kind) return Unmovable::other_content;
  if (facts.kind == FileKind::ctk) return std::nullopt;
  const bool is_nothing_else = facts.kind == FileKind::empty || facts.kind == FileKind::data;
  return is_called_tracking && is_nothing_else ? std::nullopt : std::optional(Unmovable::other_content);
}

// Nobody vouches for an orphan but its name and its content together.
std::optional<Unmovable> judge_orphan(const TrackingFileFacts& facts, bool is_called_tracking) {
  if (!is_called_tracking) return Unmovable::not_called_tracking;
  const bool is_plain = facts.kind == FileKind::ctk || facts.kind == FileKind::empty;
  return is_plain ? std::nullopt : std::optional(Unmovable::without_signature);
}

bool is_of_other_kind(const model::File& file) {
  const FileKind kind = file.kind.value_or(FileKind::data);
  return file.descriptor || (kind != FileKind::ctk && kind != FileKind::empty && kind != FileKind::data);
}

}  // namespace

std::optional<Unmovable> tracking_file_verdict(const TrackingFileFacts& facts) {
  const NameKind name = kind_of_name(facts.path);
  const bool is_called_tracking = name == NameKind::tracking;
  if (const auto type = judge_type(facts.type)) return type;
  if (formats::vmware::is_called_like_data(name)) return Unmovable::called_like_data;
  if (facts.is_extent) return Unmovable::extent;
  if (const auto content = judge_content(facts, is_called_tracking)) return content;
  if (facts.size_bytes > max_tracking_file_bytes) return Unmovable::too_large;
  if (!facts.other_user.empty()) return Unmovable::used_by_others;
  return facts.role == TrackingRole::orphan ? judge_orphan(facts, is_called_tracking) : std::nullopt;
}

TrackingFileFacts facts_of(const model::Datastore& datastore, const model::File& file, TrackingRole role) {
  TrackingFileFacts facts{.path = file.path,
                          .role = role,
                          .type = EntryKind::file,
                          .size_bytes = file.size_bytes.value_or(0),
                          .kind = file.kind.value_or(FileKind::data),
                          .is_of_other_kind = is_of_other_kind(file),
                          .is_extent = file.is_extent,
                          .other_user = {}};
  const bool is_named = file.tracking && !datastore.tracking_files[*file.tracking].named_by.empty();
  if (role == TrackingRole::orphan && is_named) {
    const model::Index user = datastore.tracking_files[*file.tracking].named_by.front();
    facts.other_user = datastore.files[datastore.descriptors[user].file].path;
  }
  return facts;
}

std::string in_words(Unmovable why, const TrackingFileFacts& facts) {
  std::string words = "it " + std::string(formats::core::text_in(unmovable_words, why));
  if (why == Unmovable::used_by_others) return words + ", " + facts.other_user;
  const bool is_known = why == Unmovable::other_content && facts.kind != FileKind::data;
  return is_known ? words + " (" + std::string(formats::name_of(facts.kind)) + ")" : words;
}

}  // namespace cbtctl::analysis
