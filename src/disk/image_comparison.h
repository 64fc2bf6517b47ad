// Two images of one size, held against each other block by block. Where both have a hole nothing is read.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "formats/core/byte_source.h"
#include "formats/core/result.h"

namespace cbtctl::disk {

// Bits: a block of which a part differs and another cannot be read is both.
inline constexpr std::uint8_t block_differs = 1;
inline constexpr std::uint8_t block_unreadable = 2;

// States of the blocks from `first_block` on, in order and without gaps; an error ends the comparison.
using BlockSink = std::function<formats::core::Status(std::uint64_t first_block, std::span<const std::uint8_t> states)>;

// The error is the sink's, or that of asking where data lies. What was the matter with the first block that cannot be
// read comes back. Precondition: the images have the same size, block_bytes > 0.
formats::core::Result<std::optional<formats::core::Error>> compare_images(const formats::core::ByteSource& before,
                                                                          const formats::core::ByteSource& after,
                                                                          std::uint64_t block_bytes,
                                                                          const BlockSink& sink);

}  // namespace cbtctl::disk
