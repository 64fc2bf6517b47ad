// What a FILE verb was given, and which verb reads it.
#pragma once

#include <optional>
#include <vector>

#include "cli/file_opener.h"

namespace cbtctl::cli {

// What a verb takes for FILE. A disk is a descriptor, or a sparse file with one inside; an image a disk, or raw bytes.
enum class Takes { file, machine_or_disk, disk, image, tracking_file };

enum class FileRole { folder, machine, snapshot_list, disk, sparse_extent, raw_extent, tracking_file, unknown };

// What the file is, by its content; where that shows nothing by its name, since a damaged file is still what it was.
// nullopt if it cannot be opened: who reads it tells why. `usage` if the verb does not read it: names that which does.
[[nodiscard]] formats::core::Result<std::optional<FileRole>> role_of(const FileOpener& files,
                                                                     const storage::Location& file, Takes takes);
// The same of several, and of all that are not taken: a usage error has done nothing, and shows none of the others.
[[nodiscard]] formats::core::Result<std::vector<std::optional<FileRole>>> roles_of(
    const FileOpener& files, const std::vector<storage::Location>& arguments, Takes takes);

}  // namespace cbtctl::cli
