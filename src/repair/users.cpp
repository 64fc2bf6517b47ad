#include "repair/users.h"

#include <algorithm>

#include "formats/core/path.h"

namespace cbtctl::repair {

using formats::core::parent_of;
using model::Index;

Users::Users(const model::Datastore& datastore) : datastore_(&datastore) {
  for (Index i = 0; i < datastore.virtual_machines.size(); ++i) {
    const model::VirtualMachine& machine = datastore.virtual_machines[i];
    add(machine.file, i);
    for (const model::Disk& disk : machine.disks) {
      for (const model::ChainLink& link : disk.chain) {
        if (!link.reference.file) continue;
        add(*link.reference.file, i);
        by_file_.emplace_back(*link.reference.file, i);
      }
    }
  }
  std::sort(by_file_.begin(), by_file_.end());
  by_file_.erase(std::unique(by_file_.begin(), by_file_.end()), by_file_.end());
}

void Users::add(Index index, Index machine) {
  const model::File& file = datastore_->files[index];
  std::vector<Index>& beside = by_folder_[{file.target, std::string(parent_of(file.path))}];
  if (beside.empty() || beside.back() != machine) beside.push_back(machine);
}

std::vector<const model::VirtualMachine*> Users::of(Index file) const {
  std::vector<const model::VirtualMachine*> machines;
  for (auto use = std::lower_bound(by_file_.begin(), by_file_.end(), std::pair(file, Index{0}));
       use != by_file_.end() && use->first == file; ++use) {
    machines.push_back(&datastore_->virtual_machines[use->second]);
  }
  return machines;
}

std::vector<const model::VirtualMachine*> Users::beside(const model::File& file) const {
  std::vector<const model::VirtualMachine*> machines;
  const auto folder = by_folder_.find({file.target, std::string(parent_of(file.path))});
  if (folder == by_folder_.end()) return machines;
  for (const Index machine : folder->second) machines.push_back(&datastore_->virtual_machines[machine]);
  return machines;
}

}  // namespace cbtctl::repair
