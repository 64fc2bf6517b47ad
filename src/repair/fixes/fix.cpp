// What each finding's fix wants of the machine. Every fix that touches tracking works on all own links of the disk.
#include "formats/core/hex.h"
#include "repair/intent.h"

namespace cbtctl::repair {
namespace {

using analysis::Code;
using model::Index;

bool is_true(const std::optional<formats::vmx::Flag>& flag) { return flag && flag->value == true; }

const model::Disk* disk_at(const model::VirtualMachine& machine, const std::string& slot) {
  for (const model::Disk& disk : machine.disks) {
    if (disk.settings.slot == slot) return &disk;
  }
  return nullptr;
}

// As reset does: what was TRUE at both levels starts anew, anything else just loses its tracking.
void restart(const model::VirtualMachine& machine, const std::string& slot, Intent& intent) {
  const model::Disk* disk = disk_at(machine, slot);
  if (disk == nullptr) return;
  DiskIntent& wanted = intent.disks[slot];
  wanted.strip = true;
  if (is_true(machine.settings.ctk_enabled) && is_true(disk->settings.ctk_enabled)) wanted.key = true;
}

std::optional<Index> descriptor_at(const model::Datastore& datastore, const analysis::Finding& finding) {
  for (Index i = 0; i < datastore.descriptors.size(); ++i) {
    const model::File& file = datastore.files[datastore.descriptors[i].file];
    if (file.path == finding.path && file.target == finding.target) return i;
  }
  return std::nullopt;
}

// A key at its place: TRUE goes by the way of enable, FALSE is set, else it is removed.
void set_key(const std::string& key, std::optional<bool> value, Intent& intent) {
  const std::string lower = formats::text::lower(key);
  const std::size_t dot = lower.rfind('.');
  if (!value) {
    intent.removed_keys.push_back(key);
  } else if (dot == std::string::npos) {
    intent.vm_key = value;
  } else {
    DiskIntent& wanted = intent.disks[lower.substr(0, dot)];
    wanted.key = value;
    wanted.strip |= *value;
  }
}

void adopt_parent_cid(const model::Datastore& datastore, Index index, Intent& intent) {
  const auto& parent = datastore.descriptors[index].parent;
  if (!parent || !parent->file || !datastore.files[*parent->file].descriptor) return;
  const auto cid = datastore.descriptors[*datastore.files[*parent->file].descriptor].content.cid;
  if (cid) intent.parent_cids.emplace_back(index, formats::core::hex32(*cid));
}

}  // namespace

void add_fix(const model::Datastore& datastore, const model::VirtualMachine& machine, const analysis::Finding& finding,
             const std::string& option, Intent& intent) {
  switch (finding.code) {
    case Code::ctk_missing:
    case Code::ctk_unrecognised:
    case Code::ctk_covers_less:
    case Code::ctk_size_mismatch:
    case Code::ctk_epoch_ahead:
    case Code::cbt_leftover_tracking:
      return restart(machine, finding.slot, intent);
    case Code::descriptor_version_mismatch: {
      const auto descriptor = descriptor_at(datastore, finding);
      if (finding.fix == analysis::Fix::choice) return restart(machine, finding.slot, intent);
      if (descriptor) intent.lowered.push_back(*descriptor);
      return;
    }
    case Code::cbt_disk_key_missing:
    case Code::cbt_vm_key_missing:
      intent.disks[finding.slot].key = option == "enable";
      intent.disks[finding.slot].strip |= option == "enable";
      if (option == "enable" && finding.code == Code::cbt_vm_key_missing) intent.vm_key = true;
      return;
    case Code::cbt_key_misspelt:
      for (const auto& key : machine.settings.misspelt_keys) {
        if (formats::text::lower(key.key) != finding.key) continue;
        intent.removed_keys.push_back(key.key);
        if (option == "rename") set_key(key.meant, formats::text::equal_ignoring_case(key.value, "TRUE"), intent);
      }
      return;
    case Code::cbt_key_malformed:
      return set_key(finding.key == "ctkenabled" ? "ctkEnabled" : finding.key,
                     option == "remove" ? std::nullopt : std::optional(option == "true"), intent);
    case Code::vmx_duplicate_key:
      for (const auto& duplicate : machine.settings.duplicates) {
        if (formats::text::lower(duplicate.key) != finding.key) continue;
        intent.kept_keys.emplace_back(duplicate.key, option == "keep-first");
        const std::string& kept = option == "keep-first" ? duplicate.values.front() : duplicate.values.back();
        const bool is_flag = finding.key == "ctkenabled" || finding.key.ends_with(".ctkenabled");
        if (is_flag) set_key(duplicate.key, formats::text::equal_ignoring_case(kept, "TRUE"), intent);
      }
      return;
    case Code::chain_cid_mismatch:
      if (const auto descriptor = descriptor_at(datastore, finding)) adopt_parent_cid(datastore, *descriptor, intent);
      return;
    default:  // no fix of a machine's own
      return;
  }
}

}  // namespace cbtctl::repair
