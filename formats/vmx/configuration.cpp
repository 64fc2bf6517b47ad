// The entries are grouped by their key whatever its case, those of one key in the order of the file: the first of a key
// wins, more are noted as duplicates. Then the questions are put to that list.
#include "formats/vmx/configuration.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "formats/vmware/names.h"
#include "formats/vmx/cbt_key.h"
#include "formats/vmx/slot.h"

namespace formats::vmx {
namespace {

using core::Error;
using core::ErrorKind;
using text::Entry;
using text::equal_ignoring_case;
using text::lower;

struct Key {
  std::uint64_t hash = 0;
  const Entry* entry = nullptr;
  [[nodiscard]] bool is(std::string_view name) const { return equal_ignoring_case(entry->key, name); }
};

class Keys {
 public:
  explicit Keys(const text::Document& document) {
    keys_.reserve(document.entries().size());
    for (const Entry& entry : document.entries()) keys_.push_back({text::hash_ignoring_case(entry.key), &entry});
    std::sort(keys_.begin(), keys_.end(), [](const Key& a, const Key& b) {
      if (a.hash != b.hash) return a.hash < b.hash;
      return a.is(b.entry->key) ? a.entry < b.entry : lower(a.entry->key) < lower(b.entry->key);
    });
  }

  // All that are called so, in the order of the file; empty where none is.
  [[nodiscard]] std::span<const Key> all(std::string_view name) const {
    const std::uint64_t hash = text::hash_ignoring_case(name);
    auto begin = std::lower_bound(keys_.begin(), keys_.end(), hash,
                                  [](const Key& key, std::uint64_t wanted) { return key.hash < wanted; });
    while (begin != keys_.end() && begin->hash == hash && !begin->is(name)) ++begin;
    auto end = begin;
    while (end != keys_.end() && end->hash == hash && end->is(name)) ++end;
    return {begin, end};
  }
  // Those of one name are neighbours; else in no order.
  [[nodiscard]] const std::vector<Key>& grouped() const { return keys_; }
  [[nodiscard]] bool contains(std::string_view name) const { return !all(name).empty(); }

 private:
  std::vector<Key> keys_;
};

const Entry* first(const Keys& keys, std::string_view name) {
  const auto found = keys.all(name);
  return found.empty() ? nullptr : found.front().entry;
}

std::string value_of(const Keys& keys, std::string_view name) {
  const Entry* entry = first(keys, name);
  return entry == nullptr ? std::string() : std::string(entry->value);
}

std::optional<bool> boolean(std::string_view value) {
  if (equal_ignoring_case(value, "TRUE")) return true;
  if (equal_ignoring_case(value, "FALSE")) return false;
  return std::nullopt;
}

std::optional<Flag> flag(const Entry* entry) {
  if (entry == nullptr) return std::nullopt;
  return Flag{std::string(entry->key), std::string(entry->value), boolean(entry->value), entry->line_number};
}

// `replay.supported` and `replay.allow...` say what a machine could do, an empty value and FALSE that it does nothing.
bool tells_of_replay(const Entry& entry) {
  constexpr std::string_view replay = "replay.";
  const bool is_replay = equal_ignoring_case(entry.key.substr(0, replay.size()), replay);
  const bool is_ability = equal_ignoring_case(entry.key, "replay.supported") ||
                          equal_ignoring_case(entry.key.substr(0, 12), "replay.allow");
  return is_replay && !is_ability && !entry.value.empty() && boolean(entry.value) != false;
}

std::optional<unsigned> number(std::string_view value) {
  if (value.empty() || value.size() > 6 || value.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return static_cast<unsigned>(std::stoul(std::string(value)));
}

// vCenter writes '%', '/' and '\' of a display name as %25, %2f and %5c.
std::string without_percents(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string code = lower(std::string_view(text).substr(i, 3));
    const char decoded = code == "%25" ? '%' : code == "%2f" ? '/' : code == "%5c" ? '\\' : '\0';
    out.push_back(decoded != '\0' ? decoded : text[i]);
    if (decoded != '\0') i += 2;
  }
  return out;
}

// A line such as `ctkEnabled = "TRUE` is no entry, and its key is written all the same: a malformed flag.
void add_broken_flags(const text::Document& document, Configuration& settings) {
  for (const text::OtherLine& line : document.other_lines()) {
    const std::size_t begin = line.text.find_first_not_of(" \t");
    const std::size_t equals = line.text.find('=');
    if (begin == std::string::npos || line.text[begin] == '#' || equals == std::string::npos) continue;
    const std::string key(line.text.substr(begin, line.text.find_first_of(" \t=", begin) - begin));
    if (!is_cbt_key(lower(key))) continue;
    const std::size_t value = std::min(line.text.find_first_not_of(" \t", equals + 1), line.text.size());
    const Flag broken{key, std::string(line.text.substr(value)), std::nullopt, line.line_number};
    if (lower(key) == "ctkenabled" && !settings.ctk_enabled) settings.ctk_enabled = broken;
    if (lower(key) == "ctkdisallowed" && !settings.ctk_disallowed) settings.ctk_disallowed = broken;
    for (Disk& disk : settings.disks) {
      if (lower(key) == disk.slot + ".ctkenabled" && !disk.ctk_enabled) disk.ctk_enabled = broken;
    }
  }
}

bool is_hard_disk(const std::string& device_type, const std::string& file_name) {
  const std::string type = lower(device_type);
  if (type.find("cdrom") != std::string::npos || type.find("floppy") != std::string::npos) return false;
  if (type.find("harddisk") != std::string::npos || type.find("rdm") != std::string::npos || type == "disk")
    return true;
  return vmware::mentions_a_disk(file_name);
}

std::string decoded(std::string_view value, const std::string& encoding) {
  return text::to_utf8(value, encoding).value_or(std::string(value));
}

std::string lower_or(const Entry* entry, std::string_view fallback) {
  return entry == nullptr || entry->value.empty() ? std::string(fallback) : lower(entry->value);
}

// What the file says of one slot: of each key the first.
struct Device {
  const Entry* present = nullptr;
  const Entry* file_name = nullptr;
  const Entry* device_type = nullptr;
  const Entry* mode = nullptr;
  const Entry* sharing = nullptr;
  const Entry* ctk_enabled = nullptr;

  void take(std::string_view field, const Entry& entry) {
    const std::array<std::pair<std::string_view, const Entry**>, 6> fields{{{"present", &present},
                                                                            {"filename", &file_name},
                                                                            {"devicetype", &device_type},
                                                                            {"mode", &mode},
                                                                            {"sharing", &sharing},
                                                                            {"ctkenabled", &ctk_enabled}}};
    for (const auto& [name, where] : fields) {
      if (*where == nullptr && equal_ignoring_case(field, name)) *where = &entry;
    }
  }
};

std::optional<Disk> disk_of(const Device& device, const Slot& slot, const Keys& keys, const std::string& encoding) {
  if (device.present == nullptr || boolean(device.present->value) != true || device.file_name == nullptr) {
    return std::nullopt;
  }
  Disk disk;
  disk.file_name = decoded(device.file_name->value, encoding);
  if (device.device_type != nullptr) disk.device_type = device.device_type->value;
  if (!is_hard_disk(disk.device_type, disk.file_name)) return std::nullopt;
  disk.slot = slot.text();
  disk.mode = lower_or(device.mode, "persistent");
  disk.shared_bus = lower_or(first(keys, slot.controller() + ".sharedbus"), "none");
  disk.sharing = lower_or(device.sharing, "none");
  disk.ctk_enabled = flag(device.ctk_enabled);
  return disk;
}

void read_devices(const text::Document& document, const Keys& keys, Configuration& settings) {
  using Spoken = std::pair<SlotKey, const Entry*>;
  std::vector<Spoken> spoken;
  for (const Entry& entry : document.entries()) {
    if (const auto key = slot_key(entry.key)) spoken.emplace_back(*key, &entry);
  }
  std::sort(spoken.begin(), spoken.end(), [](const Spoken& a, const Spoken& b) {
    return a.first.slot != b.first.slot ? a.first.slot < b.first.slot : a.second < b.second;
  });
  for (auto at = spoken.begin(); at != spoken.end();) {
    const Slot slot = at->first.slot;
    Device device;
    for (; at != spoken.end() && at->first.slot == slot; ++at) device.take(at->first.field, *at->second);
    if (auto disk = disk_of(device, slot, keys, settings.encoding)) {
      settings.disks.push_back(std::move(*disk));
    } else if (auto key = flag(device.ctk_enabled)) {
      settings.keys_for_missing_disks.push_back(std::move(*key));
    }
  }
}

DuplicateKey duplicate_of(std::span<const Key> same) {
  DuplicateKey duplicate{.key = std::string(same.front().entry->key), .values = {}, .line_numbers = {}};
  const std::string_view value = same.front().entry->value;
  for (const Key& key : same) {
    duplicate.values.emplace_back(key.entry->value);
    duplicate.line_numbers.push_back(key.entry->line_number);
    const std::string name = lower(key.entry->key);
    const bool is_flag = is_cbt_key(name) || name == "cleanshutdown" || name.ends_with(".present");
    duplicate.values_differ |= is_flag ? !equal_ignoring_case(key.entry->value, value) : key.entry->value != value;
  }
  return duplicate;
}

void note_keys(const Keys& keys, Configuration& settings) {
  const std::span<const Key> grouped = keys.grouped();
  for (std::size_t i = 0; i < grouped.size(); ++i) {
    const Entry& entry = *grouped[i].entry;
    if (std::string meant = meant_by(entry.key); !meant.empty()) {
      settings.misspelt_keys.push_back({std::string(entry.key), std::string(entry.value), meant, entry.line_number});
    }
    const auto is_same = [&](std::size_t other) {
      return grouped[other].hash == grouped[i].hash && grouped[other].is(entry.key);
    };
    const bool is_first = i == 0 || !is_same(i - 1);
    const bool is_last = i + 1 == grouped.size() || !is_same(i + 1);
    if (is_first && !is_last) settings.duplicates.push_back(duplicate_of(keys.all(entry.key)));
  }
  std::sort(settings.misspelt_keys.begin(), settings.misspelt_keys.end(),
            [](const MisspeltKey& a, const MisspeltKey& b) { return a.line_number < b.line_number; });
  std::sort(settings.duplicates.begin(), settings.duplicates.end(), [](const DuplicateKey& a, const DuplicateKey& b) {
    return a.line_numbers.front() < b.line_numbers.front();
  });
}

bool is_a_configuration(const Keys& keys) {
  for (const char* key : {"config.version", "virtualhw.version", "displayname", "guestos", "memsize", "uuid.bios",
                          "encryption.keysafe", "ctkenabled"}) {
    if (keys.contains(key)) return true;
  }
  return std::any_of(keys.grouped().begin(), keys.grouped().end(),
                     [](const Key& key) { return slot_key(key.entry->key).has_value(); });
}

}  // namespace

bool Disk::is_independent() const { return mode.starts_with("independent"); }

bool Configuration::contradicts_itself(std::string_view key) const {
  return std::any_of(duplicates.begin(), duplicates.end(), [&](const DuplicateKey& duplicate) {
    return duplicate.values_differ && equal_ignoring_case(duplicate.key, key);
  });
}

core::Result<Configuration> decode(const text::Document& document) {
  if (document.encode().empty()) return Error{ErrorKind::malformed, "is empty: expected a configuration"};
  if (const auto why = text::why_no_text(document.encode()))
    return Error{ErrorKind::malformed, *why + ": expected the text of a configuration"};
  const Keys keys(document);
  if (!is_a_configuration(keys)) {
    return Error{ErrorKind::malformed, "holds none of the keys that every configuration has, such as config.version"};
  }
  if (text::is_cut(document)) return Error{ErrorKind::truncated, "was cut: its last line ends inside a key or a value"};
  Configuration settings;
  settings.encoding = document.encoding();
  settings.states_encoding = document.states_encoding();
  settings.display_name = without_percents(decoded(value_of(keys, "displayname"), settings.encoding));
  settings.hardware_version = number(value_of(keys, "virtualhw.version"));
  settings.ctk_enabled = flag(first(keys, "ctkenabled"));
  settings.ctk_disallowed = flag(first(keys, "ctkdisallowed"));
  settings.clean_shutdown = flag(first(keys, "cleanshutdown"));
  settings.need_consolidate = flag(first(keys, "snapshot.needconsolidate"));
  settings.checkpoint_vm_state = value_of(keys, "checkpoint.vmstate");
  settings.working_dir = decoded(value_of(keys, "workingdir"), settings.encoding);
  settings.swap_file_name = decoded(value_of(keys, "sched.swap.derivedname"), settings.encoding);
  settings.nvram = value_of(keys, "nvram");
  settings.vc_uuid = value_of(keys, "vc.uuid");
  settings.uuid_bios = value_of(keys, "uuid.bios");
  settings.locks_disks = boolean(value_of(keys, "disk.locking")) != false;
  settings.is_replayed = std::any_of(document.entries().begin(), document.entries().end(), tells_of_replay);
  read_devices(document, keys, settings);
  add_broken_flags(document, settings);
  note_keys(keys, settings);
  if (settings.contradicts_itself("virtualHW.version")) settings.hardware_version.reset();
  if (settings.contradicts_itself("cleanShutdown")) settings.clean_shutdown->value.reset();
  const bool has_secret = keys.contains("encryption.keysafe") || keys.contains("encryption.data");
  settings.encrypted = has_secret && !keys.contains("virtualhw.version") && settings.disks.empty();
  return settings;
}

}  // namespace formats::vmx
