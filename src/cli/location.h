// What a user names a target or a file by.
#pragma once

#include <string>

#include "formats/core/result.h"
#include "storage/location.h"

namespace cbtctl::cli {

// `usage` where the text can be none, also where it is no path here but looks like another tool's way to name a host or
// a file: "root@esx1", "esx1:/vmfs/volumes/ds1", "[ds1] web01/web01.vmx". The message has the form to type.
[[nodiscard]] formats::core::Result<storage::Location> location_of(const std::string& text);

}  // namespace cbtctl::cli
