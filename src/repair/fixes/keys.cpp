// The CBT keys of a .vmx.
#include "formats/text/document.h"
#include "repair/fix.h"

namespace cbtctl::repair {
namespace {

using analysis::Option;
using formats::text::equal_ignoring_case;
using formats::text::lower;

bool is_flag_value(const std::string& value) {
  return equal_ignoring_case(value, "TRUE") || equal_ignoring_case(value, "FALSE");
}

// A CBT key by its lower-case name. TRUE goes by the way of enable, FALSE by that of disable.
void set_key(const std::string& key, bool value, Intent& intent) {
  constexpr std::string_view of_disk = ".ctkenabled";
  if (key == "ctkenabled") {
    intent.vm_key = value;
  } else if (key.ends_with(of_disk)) {
    intent.disks[key.substr(0, key.size() - of_disk.size())] = {.key = value, .strip = true};
  } else if (key == "ctkdisallowed") {
    intent.flags["ctkDisallowed"] = value;
  }
}

void set_disk_key(const FixSubject& subject, Intent& intent) {
  intent.disks[subject.finding.slot] = {.key = subject.option == Option::enable, .strip = true};
}

}  // namespace

void set_missing_disk_key(const FixSubject& subject, Intent& intent) { set_disk_key(subject, intent); }

void set_missing_vm_key(const FixSubject& subject, Intent& intent) {
  set_disk_key(subject, intent);
  if (subject.option == Option::enable) intent.vm_key = true;
}

void mend_misspelt_key(const FixSubject& subject, Intent& intent) {
  for (const auto& key : subject.machine.settings.misspelt_keys) {
    if (lower(key.key) != subject.finding.key) continue;
    intent.removed_keys.push_back(key.key);
    if (subject.option == Option::rename) set_key(lower(key.meant), equal_ignoring_case(key.value, "TRUE"), intent);
  }
}

void mend_malformed_key(const FixSubject& subject, Intent& intent) {
  if (subject.option == Option::remove)
    intent.removed_keys.push_back(subject.finding.evidence.front().label);  // as it is written
  else
    set_key(subject.finding.key, subject.option == Option::set_true, intent);
}

// What the kept line says is then wanted, by the way that the verbs go: the CTK file was not looked at by ESXi, which
// refuses such a configuration.
void keep_one_of_duplicates(const FixSubject& subject, Intent& intent) {
  for (const auto& duplicate : subject.machine.settings.duplicates) {
    if (lower(duplicate.key) != subject.finding.key) continue;
    const bool first = subject.option == Option::keep_first;
    intent.kept_keys.emplace_back(duplicate.key, first);
    const std::string& kept = first ? duplicate.values.front() : duplicate.values.back();
    if (duplicate.values_differ && is_flag_value(kept))
      set_key(subject.finding.key, equal_ignoring_case(kept, "TRUE"), intent);
  }
}

}  // namespace cbtctl::repair
