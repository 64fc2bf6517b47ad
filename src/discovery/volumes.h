// Where things lie, as text: locations that mean the same whoever names them, and what a place below /vmfs/volumes is.
#pragma once

#include <string>
#include <string_view>

#include "discovery/place.h"

namespace cbtctl::discovery {

// Of the location `root` or below it. An empty root is "/".
[[nodiscard]] bool is_below(std::string_view location, std::string_view root);
[[nodiscard]] std::string_view below(std::string_view location, std::string_view root);

// Whether a folder of /vmfs/volumes is called by an identity that is the same on every host: the UUID of VMFS
// ("65f1c2aa-3b0c9d1e-77aa-0050569a1b2c"), what ESXi makes of an NFS server and its share ("c2a7b7d1-3e0f0d1b"), and
// "vsan:...". Names are not: each host has its own datastore1.
[[nodiscard]] bool is_volume_identity(std::string_view name);

// An absolute path of a host (empty: of this machine) as a location: below a volume's identity the path itself, so
// that all hosts mean the same; else the host, then the path.
[[nodiscard]] std::string location_of(const std::string& host, const std::string& absolute);

// The same of a path on a place's host, with what its aliases say.
[[nodiscard]] std::string location_of(const Place& place, const std::string& absolute);

[[nodiscard]] bool is_volumes_root(const Place& place);

}  // namespace cbtctl::discovery
