// ESXi versions and builds that a virtual machine ran on, as its vmware*.log files tell.
#pragma once

#include "discovery/loader.h"
#include "discovery/tree.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

// Fills `witnesses`, newest first, of every machine with a disk whose keys are TRUE and whose descriptor names a CTK
// file: the newest ten logs, of each the beginning and the end.
void read_logs(const Tree& tree, const Loader& loader, model::Datastore& datastore);

}  // namespace cbtctl::discovery
