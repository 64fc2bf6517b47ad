// One pass over the entries: every key goes into a map of lower-case names (the first of a name wins, more are noted
// as duplicates); then the questions are put to the map.
#include "formats/vmx/configuration.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "formats/vmx/slot.h"

namespace formats::vmx {
namespace {

using core::Error;
using core::ErrorKind;
using text::Entry;
using text::equal_ignoring_case;
using text::lower;

using Keys = std::unordered_map<std::string, std::vector<const Entry*>>;

Keys keys_of(const text::Document& document) {
  Keys keys;
  keys.reserve(document.entries().size());
  for (const Entry& entry : document.entries()) keys[lower(entry.key)].push_back(&entry);
  return keys;
}

const Entry* first(const Keys& keys, const std::string& key) {
  const auto found = keys.find(key);
  return found == keys.end() ? nullptr : found->second.front();
}

std::string value_of(const Keys& keys, const std::string& key) {
  const Entry* entry = first(keys, key);
  return entry == nullptr ? std::string() : entry->value;
}

std::optional<bool> boolean(std::string_view value) {
  if (equal_ignoring_case(value, "TRUE")) return true;
  if (equal_ignoring_case(value, "FALSE")) return false;
  return std::nullopt;
}

std::optional<Flag> flag(const Entry* entry) {
  if (entry == nullptr) return std::nullopt;
  return Flag{entry->key, entry->value, boolean(entry->value), entry->line_number};
}

std::optional<unsigned> number(std::string_view value) {
  if (value.empty() || value.size() > 6 || value.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return static_cast<unsigned>(std::stoul(std::string(value)));
}

bool is_cbt_key(const std::string& key) {
  return key == "ctkenabled" || key == "ctkdisallowed" || key.ends_with(".ctkenabled");
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
    const std::string key = line.text.substr(begin, line.text.find_first_of(" \t=", begin) - begin);
    if (!is_cbt_key(lower(key))) continue;
    const std::size_t value = std::min(line.text.find_first_not_of(" \t", equals + 1), line.text.size());
    const Flag broken{key, line.text.substr(value), std::nullopt, line.line_number};
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
  if (type.find("harddisk") != std::string::npos || type.find("rdm") != std::string::npos || type == "disk") return true;
  return lower(file_name).find(".vmdk") != std::string::npos;
}

std::string decoded(const std::string& value, const std::string& encoding) {
  return text::to_utf8(value, encoding).value_or(value);
}

std::string lower_or(const Keys& keys, const std::string& key, const std::string& fallback) {
  const Entry* entry = first(keys, key);
  return entry == nullptr || entry->value.empty() ? fallback : lower(entry->value);
}

std::optional<Disk> disk_at(const Keys& keys, const Slot& slot, const std::string& encoding) {
  const std::string name = slot.text();
  const Entry* present = first(keys, name + ".present");
  const Entry* file_name = first(keys, name + ".filename");
  if (present == nullptr || boolean(present->value) != true || file_name == nullptr) return std::nullopt;
  Disk disk;
  disk.slot = name;
  disk.file_name = decoded(file_name->value, encoding);
  disk.device_type = value_of(keys, name + ".devicetype");
  if (!is_hard_disk(disk.device_type, disk.file_name)) return std::nullopt;
  disk.mode = lower_or(keys, name + ".mode", "persistent");
  disk.shared_bus = lower_or(keys, slot.controller() + ".sharedbus", "none");
  disk.sharing = lower_or(keys, name + ".sharing", "none");
  disk.ctk_enabled = flag(first(keys, name + ".ctkenabled"));
  return disk;
}

void read_devices(const Keys& keys, Configuration& settings) {
  std::map<Slot, bool> slots;
  for (const auto& [key, entries] : keys) {
    if (const auto slot = slot_of_key(key)) slots.emplace(*slot, true);
  }
  for (const auto& [slot, unused] : slots) {
    if (auto disk = disk_at(keys, slot, settings.encoding)) {
      settings.disks.push_back(std::move(*disk));
    } else if (auto key = flag(first(keys, slot.text() + ".ctkenabled"))) {
      settings.keys_for_missing_disks.push_back(std::move(*key));
    }
  }
}

// What a key that does nothing was meant to be; empty where it is none of these.
std::string meant_by(const std::string& key) {
  const std::size_t dot = key.rfind('.');
  const std::string head = dot == std::string::npos ? "" : key.substr(0, dot + 1);
  const std::string tail = dot == std::string::npos ? key : key.substr(dot + 1);
  const bool at_disk = dot != std::string::npos && slot_of_key(key).has_value() && head.find('.') == dot;
  if (dot != std::string::npos && !at_disk) return {};
  for (const char* wrong : {"ctkenable", "ctkenabeld", "ctkenbled", "cktenabled", "ctk.enabled", "changetrackingenabled",
                            "ctkenabledd", "ctkeneabled", "ctk_enabled", "ctk-enabled"}) {
    if (tail == wrong) return head + "ctkEnabled";
  }
  if (!at_disk && (tail == "ctkdisallow" || tail == "ctkdissallowed")) return "ctkDisallowed";
  return {};
}

void note_keys(const Keys& keys, Configuration& settings) {
  for (const auto& [key, entries] : keys) {
    const std::string meant = meant_by(key);
    for (const Entry* entry : entries) {
      if (!meant.empty()) settings.misspelt_keys.push_back({entry->key, entry->value, meant, entry->line_number});
    }
    if (entries.size() < 2) continue;
    DuplicateKey duplicate{.key = entries.front()->key, .values = {}, .line_numbers = {}};
    for (const Entry* entry : entries) {
      duplicate.values.push_back(entry->value);
      duplicate.line_numbers.push_back(entry->line_number);
      duplicate.values_differ |= is_cbt_key(key) ? !equal_ignoring_case(entry->value, entries.front()->value)
                                                 : entry->value != entries.front()->value;
    }
    settings.duplicates.push_back(std::move(duplicate));
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
  return std::any_of(keys.begin(), keys.end(), [](const auto& key) { return slot_of_key(key.first).has_value(); });
}

}  // namespace

bool Disk::is_independent() const { return mode.starts_with("independent"); }

std::vector<std::string> Configuration::contradictory_cbt_keys() const {
  std::vector<std::string> keys;
  for (const DuplicateKey& duplicate : duplicates) {
    if (duplicate.values_differ && is_cbt_key(lower(duplicate.key))) keys.push_back(duplicate.key);
  }
  return keys;
}

core::Result<Configuration> decode(const text::Document& document) {
  if (document.encode().empty()) return Error{ErrorKind::malformed, "is empty: expected a configuration"};
  if (document.encode().find('\0') != std::string::npos) {
    return Error{ErrorKind::malformed, "holds zero bytes: expected the text of a configuration"};
  }
  const Keys keys = keys_of(document);
  if (!is_a_configuration(keys)) {
    return Error{ErrorKind::malformed, "holds none of the keys that every configuration has, such as config.version"};
  }
  Configuration settings;
  settings.encoding = document.encoding();
  settings.display_name = without_percents(decoded(value_of(keys, "displayname"), settings.encoding));
  settings.hardware_version = number(value_of(keys, "virtualhw.version"));
  settings.ctk_enabled = flag(first(keys, "ctkenabled"));
  settings.ctk_disallowed = flag(first(keys, "ctkdisallowed"));
  settings.clean_shutdown = flag(first(keys, "cleanshutdown"));
  settings.checkpoint_vm_state = value_of(keys, "checkpoint.vmstate");
  settings.working_dir = decoded(value_of(keys, "workingdir"), settings.encoding);
  settings.swap_file_name = decoded(value_of(keys, "sched.swap.derivedname"), settings.encoding);
  settings.nvram = value_of(keys, "nvram");
  read_devices(keys, settings);
  add_broken_flags(document, settings);
  note_keys(keys, settings);
  const bool has_secret = keys.contains("encryption.keysafe") || keys.contains("encryption.data");
  settings.encrypted = has_secret && !keys.contains("virtualhw.version") && settings.disks.empty();
  return settings;
}

}  // namespace formats::vmx
