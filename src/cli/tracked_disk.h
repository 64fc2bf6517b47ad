// From a CTK file to the disk that it tracks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/file_opener.h"
#include "disk/chain.h"

namespace cbtctl::cli {

// The disk in the same folder whose descriptor names the CTK file; nothing where none does, or it cannot be opened.
[[nodiscard]] std::optional<disk::Chain> tracked_disk(const FileOpener& files, const storage::Location& ctk);

// The capacity that its header is held against: of the disk that is called like it, if that names it.
[[nodiscard]] std::optional<std::uint64_t> tracked_sectors(const FileOpener& files, const storage::Location& ctk);

}  // namespace cbtctl::cli
