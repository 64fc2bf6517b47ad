// The changed blocks of a table as a bitmap, a piece at a time; memory stays bounded whatever the size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "formats/core/byte_source.h"
#include "formats/core/result.h"
#include "formats/ctk/table.h"

namespace formats::ctk {

// Is given the bitmap's bytes in order; its error ends the walk.
using BitmapSink = std::function<core::Status(std::span<const std::byte>)>;

// One bit per block, (blocks + 7) / 8 bytes, first block in the least significant bit: 1 where the entry is greater
// than `since`. A table cut by the end of the file is `truncated`.
core::Status visit_bitmap(const core::ByteSource& file, const TableShape& shape, std::uint32_t since,
                          const BitmapSink& sink);

}  // namespace formats::ctk
