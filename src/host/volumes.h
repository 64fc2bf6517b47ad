// The datastores that a host has mounted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/answers.h"
#include "model/host.h"

namespace cbtctl::host {

// `esxcli storage filesystem list`. A name may be empty (vfat) and may hold blanks: it stands between the mount point
// and the UUID that the mount point ends in.
[[nodiscard]] Result<std::vector<model::Volume>> parse_volumes(const Answer& answer);

// "VMFS-6" -> vmfs, "NFS41" -> nfs.
[[nodiscard]] model::DatastoreType type_of(std::string_view type_name);

// "/vmfs/volumes/NAME/x" -> "/vmfs/volumes/UUID/x"; any other path as it is.
[[nodiscard]] std::string by_identity(const std::vector<model::Volume>& volumes, std::string_view path);

// The volume that an absolute path lies on, by its name or its UUID.
[[nodiscard]] const model::Volume* volume_of(const std::vector<model::Volume>& volumes, std::string_view path);

}  // namespace cbtctl::host
