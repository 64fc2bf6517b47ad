#include "repair/settled.h"

#include <algorithm>

#include "repair/edits.h"

namespace cbtctl::repair {

formats::core::Result<Settled> settled_machine(const model::VirtualMachine& machine, const std::string& text,
                                               const Intent& intent) {
  auto document = formats::text::Document::decode(text);
  for (const auto& [key, first] : intent.kept_keys) keep_one(document, key, first);
  auto settings = formats::vmx::decode(document);
  if (!settings) return settings.error();
  Settled settled{.machine = machine, .unknown_disks = {}};
  settled.machine.disks.clear();
  settled.machine.settings = std::move(*settings);
  for (const formats::vmx::Disk& disk : settled.machine.settings.disks) {
    const auto known = std::find_if(machine.disks.begin(), machine.disks.end(), [&](const model::Disk& each) {
      return each.settings.slot == disk.slot && each.chain.front().reference.written == disk.file_name;
    });
    if (known == machine.disks.end())
      settled.unknown_disks.push_back(disk);
    else
      settled.machine.disks.push_back({disk, known->chain, known->loops});
  }
  return settled;
}

}  // namespace cbtctl::repair
