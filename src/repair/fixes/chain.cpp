// A delta that disagrees with its parent.
#include "formats/core/hex.h"
#include "repair/fix.h"

namespace cbtctl::repair {

void adopt_parent_cid(const FixSubject& subject, Intent& intent) {
  const model::Datastore& datastore = subject.datastore;
  for (const model::Disk& disk : subject.machine.disks) {
    for (const model::ChainLink& link : disk.chain) {
      if (!link.descriptor) continue;
      const model::Descriptor& descriptor = datastore.descriptors[*link.descriptor];
      const model::File& file = datastore.files[descriptor.file];
      if (file.path != subject.finding.path || file.target != subject.finding.target) continue;
      if (!descriptor.parent || !descriptor.parent->file) return;
      const auto parent = datastore.files[*descriptor.parent->file].descriptor;
      const auto cid = parent ? datastore.descriptors[*parent].content.cid : std::nullopt;
      if (cid) intent.parent_cids.emplace_back(Spot{file.target, file.path}, formats::core::hex32(*cid));
      return;
    }
  }
}

}  // namespace cbtctl::repair
