// Keys are `snapshot.X` for the list and `snapshotN.X`, `snapshotN.diskM.X` for its members, in any order; members are
// collected by number first and read afterwards.
#include "formats/vmsd/snapshots.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace formats::vmsd {
namespace {

using core::Error;
using core::ErrorKind;

using Fields = std::map<std::string, std::string>;
struct Member {
  Fields fields;
  std::map<unsigned, Fields> disks;
};

// A linked clone and its golden image name each other; nothing else has to stand there.
bool is_of_a_clone(std::string_view key) {
  return key.starts_with("cloneof") || key.starts_with("numcloneof") || key.starts_with("sentinel") ||
         key.starts_with("numsentinels");
}

// "disk12.filename" with prefix "disk" -> 12, and the rest "filename".
std::optional<unsigned> take_numbered(std::string_view& key, std::string_view prefix) {
  if (!key.starts_with(prefix)) return std::nullopt;
  unsigned number = 0;
  const char* begin = key.data() + prefix.size();
  const auto [end, code] = std::from_chars(begin, key.data() + key.size(), number);
  if (code != std::errc{} || end == begin || end == key.data() + key.size() || *end != '.') return std::nullopt;
  key.remove_prefix(static_cast<std::size_t>(end - key.data()) + 1);
  return number;
}

std::string field(const Fields& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The low word is written signed.
std::optional<std::int64_t> created(const Fields& fields) {
  const auto high = number(field(fields, "createtimehigh"));
  const auto low = number(field(fields, "createtimelow"));
  if (!high || !low) return std::nullopt;
  const auto bits = (static_cast<std::uint64_t>(*high) << 32) | static_cast<std::uint32_t>(*low);
  return static_cast<std::int64_t>(bits);
}

Snapshot snapshot_of(const Member& member, const std::string& encoding) {
  const auto decoded = [&](const std::string& value) { return text::to_utf8(value, encoding).value_or(value); };
  Snapshot snapshot{.uid = field(member.fields, "uid"),
                    .parent_uid = field(member.fields, "parent"),
                    .display_name = decoded(field(member.fields, "displayname")),
                    .description = decoded(field(member.fields, "description")),
                    .state_file_name = decoded(field(member.fields, "filename")),
                    .created_us = created(member.fields),
                    .disks = {}};
  for (const auto& [index, disk] : member.disks) {
    const std::string name = field(disk, "filename");
    if (!name.empty()) snapshot.disks.push_back({decoded(name), text::lower(field(disk, "node"))});
  }
  return snapshot;
}

}  // namespace

core::Result<SnapshotList> decode(const text::Document& document) {
  if (const auto why = text::why_no_text(document.encode()))
    return Error{ErrorKind::malformed, *why + ": expected the text of a snapshot list"};
  if (document.find("encryption.keySafe") != nullptr) return Error{ErrorKind::encrypted, "is encrypted"};
  Fields list;
  std::map<unsigned, Member> members;
  bool recognised = document.encode().find_first_not_of(" \t\r\n") == std::string::npos;
  for (const text::Entry& entry : document.entries()) {
    const std::string lower_key = text::lower(entry.key);
    std::string_view key = lower_key;
    recognised |= key == ".encoding" || is_of_a_clone(key);
    if (key.starts_with("snapshot.")) {
      list.emplace(key.substr(9), entry.value);
      recognised = true;
    } else if (const auto index = take_numbered(key, "snapshot")) {
      recognised = true;
      Member& member = members[*index];
      const auto disk = take_numbered(key, "disk");
      (disk ? member.disks[*disk] : member.fields).emplace(key, entry.value);
    }
  }
  if (!recognised) return Error{ErrorKind::malformed, "is neither empty nor a snapshot list: it has no snapshot key"};

  SnapshotList snapshots;
  snapshots.current_uid = field(list, "current");
  snapshots.need_consolidate = text::equal_ignoring_case(field(list, "needconsolidate"), "TRUE");
  snapshots.declared_count = number(field(list, "numsnapshots"));
  for (const auto& [index, member] : members) snapshots.snapshots.push_back(snapshot_of(member, document.encoding()));
  return snapshots;
}

bool Snapshot::is_temporary() const {
  // As administrators report them: VMware's own, then backup products.
  constexpr std::array<std::string_view, 14> beginnings{"consolidate helper",
                                                        "veeam backup temporary snapshot",
                                                        "__gx_backup__",
                                                        "nbu_snapshot",
                                                        "vdp-",
                                                        "avamar-",
                                                        "tsm-vm snapshot",
                                                        "ghettovcb-snapshot",
                                                        "_dp_vepa_snap",
                                                        "nakivo",
                                                        "acronis",
                                                        "vranger",
                                                        "smvi_",
                                                        "arcserve"};
  const std::string name = text::lower(display_name);
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return name.starts_with(beginning); });
}

}  // namespace formats::vmsd
