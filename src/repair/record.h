// What a machine was like when its plan was made: what shows later whether it ran since, and what it is compared with.
#pragma once

#include "model/datastore.h"
#include "repair/plan.h"
#include "repair/roots.h"

namespace cbtctl::repair {

// Fills in the witnesses, the disks and the folders.
//
// A witness is whatever a running machine writes: vmware.log and every extent of its own links. A CTK file that is not
// there, at the place where ESXi would make one, is a witness too.
void record(const model::Datastore& datastore, const model::VirtualMachine& machine, Roots& roots, MachinePlan& plan);

// Asks far places in advance for whatever planning these machines, and entering their folders, will ask; `sites` by
// target.
void look_ahead(const model::Datastore& datastore, const std::vector<const model::VirtualMachine*>& machines,
                const std::vector<Site>& sites);

// Of one folder, where a file lies that belongs to no machine.
void record_folder(const Spot& file, MachinePlan& plan);

}  // namespace cbtctl::repair
