// From a CTK file to the disk that it tracks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/file_opener.h"
#include "disk/chain.h"

namespace cbtctl::cli {

// The disk in the same folder whose descriptor names the CTK file; nothing where none does, or it cannot be opened.
[[nodiscard]] std::optional<disk::Chain> tracked_disk(const FileOpener& files, const storage::Location& ctk);

}  // namespace cbtctl::cli
