// A folder on this machine, read by a bounded pool of workers whose number follows the storage, not the cores.
#pragma once

#include <memory>
#include <string>

#include "storage/reader.h"

namespace cbtctl::storage {

inline constexpr unsigned default_workers = 16;

// `root` is an existing folder; `missing`, `denied` or `usage` (not a folder) else.
Result<std::unique_ptr<Reader>> open_local(const std::string& root, unsigned workers = default_workers);

// One file named by the user (FILE verbs): links are followed, as the user named it. `usage` for a folder or a device
// that has no size.
Result<std::unique_ptr<ByteSource>> open_local_file(const std::string& path);

}  // namespace cbtctl::storage
