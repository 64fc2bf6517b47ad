// Extents with a grain directory and grain tables: COWD, seSparse, hosted sparse and streamOptimized.
#pragma once

#include <memory>

#include "disk/extent.h"

namespace cbtctl::disk {

// `malformed`, `unsupported` (a journal to replay) where its bytes would be wrong.
Result<std::unique_ptr<Extent>> open_sparse_extent(std::shared_ptr<const ByteSource> source);

}  // namespace cbtctl::disk
