// Extents without tables: the disk's bytes as they are, and zeros without a file.
#pragma once

#include <memory>

#include "disk/extent.h"

namespace cbtctl::disk {

[[nodiscard]] std::unique_ptr<Extent> zero_extent();

// `length_bytes` bytes of `source` from `begin_bytes` on; holes of the file are zeros.
[[nodiscard]] std::unique_ptr<Extent> flat_extent(std::shared_ptr<const ByteSource> source, std::uint64_t begin_bytes,
                                                  std::uint64_t length_bytes);

}  // namespace cbtctl::disk
