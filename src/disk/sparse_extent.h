// An extent of grains: COWD, seSparse, hosted sparse and streams.
#pragma once

#include <memory>

#include "disk/extent.h"

namespace cbtctl::disk {

// `sectors`: what the descriptor gives it.
Result<std::unique_ptr<Extent>> open_sparse_extent(std::shared_ptr<const ByteSource> source, std::uint64_t sectors);

}  // namespace cbtctl::disk
