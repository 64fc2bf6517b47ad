#include "repair/key_edits.h"

#include <vector>

#include "formats/core/joined.h"
#include "repair/edits.h"

namespace cbtctl::repair {
namespace {

using formats::text::Document;

bool flags_off(Document& document, const Intent& intent, bool some_stays) {
  const std::string before = document.encode();
  for (const auto& [slot, wanted] : intent.disks) {
    const std::string key = slot + ".ctkEnabled";
    const bool in_between = wanted.key == true && wanted.strip && is_flag_on(document, key);
    if (wanted.key == false || in_between) set_flag(document, key, false);
  }
  const bool in_between = intent.vm_key == true && !some_stays && document.encode() != before;
  if (intent.vm_key == false || (in_between && is_flag_on(document, "ctkEnabled")))
    set_flag(document, "ctkEnabled", false);
  return document.encode() != before;
}

}  // namespace

std::string put_keys_off(Document& document, const Intent& intent, bool some_stays) {
  std::vector<std::string> done;
  for (const std::string& key : intent.removed_keys) {
    remove_key(document, key);
    done.push_back(key + " removed");
  }
  for (const auto& [key, first] : intent.kept_keys) {
    keep_one(document, key, first);
    done.push_back(key + ": the " + (first ? "first" : "last") + " line stays");
  }
  for (const auto& [key, value] : intent.flags) {
    set_flag(document, key, value);
    done.push_back(key + (value ? " TRUE" : " FALSE"));
  }
  if (flags_off(document, intent, some_stays)) done.emplace_back("CBT keys FALSE");
  return formats::core::joined(done, ", ");
}

std::string put_keys_on(Document& document, const Intent& intent) {
  for (const auto& [slot, wanted] : intent.disks) {
    if (wanted.key == true) set_flag(document, slot + ".ctkEnabled", true);
  }
  if (intent.vm_key == true) set_flag(document, "ctkEnabled", true);
  return "CBT keys TRUE";
}

}  // namespace cbtctl::repair
