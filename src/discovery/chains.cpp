// A chain follows parent hints until a descriptor has none, cannot be read or was met before. A link can be own only
// when the one above is.
#include "discovery/chains.h"

#include <set>

#include "discovery/ownership.h"

namespace cbtctl::discovery {
namespace {

using model::Index;

void extend(model::Disk& disk, const model::Datastore& datastore, const Ownership::View& machine) {
  std::set<Index> met;
  model::ChainLink& active = disk.chain.front();
  active.own = !active.reference.file || machine.owns_active(*active.reference.file);
  for (;;) {
    model::ChainLink& link = disk.chain.back();
    if (!link.reference.file) return;
    met.insert(*link.reference.file);
    link.descriptor = datastore.files[*link.reference.file].descriptor;
    if (!link.descriptor) return;
    const auto& parent = datastore.descriptors[*link.descriptor].parent;
    if (!parent) return;
    if (parent->file && met.contains(*parent->file)) {
      disk.loops = true;
      return;
    }
    const bool own = link.own && parent->file && machine.owns_parent(*parent->file, *link.reference.file);
    disk.chain.push_back({.reference = *parent, .descriptor = {}, .own = own});
    model::Reference& led = disk.chain.back().reference;
    led.by_tail = led.by_tail || (own && machine.rests_on_tail(*parent->file));
  }
}

}  // namespace

void build_chains(const Loader& loader, model::Datastore& datastore) {
  const Ownership ownership(loader, datastore);
  for (Index machine = 0; machine < datastore.virtual_machines.size(); ++machine) {
    if (datastore.virtual_machines[machine].disks.empty()) continue;
    const Ownership::View view = ownership.of(machine);
    for (model::Disk& disk : datastore.virtual_machines[machine].disks) extend(disk, datastore, view);
  }
}

}  // namespace cbtctl::discovery
