// Compressed grains of a stream. zlib stays behind it.
#pragma once

#include <cstdint>
#include <vector>

#include "formats/core/byte_source.h"
#include "formats/vmdk/grain_tables.h"

namespace cbtctl::disk {

// The bytes of the grain that lies at `sector` of the file, exactly a grain's size. `malformed` with the offset where
// the marker is of another grain, or the data does not unpack to a grain.
formats::core::Result<std::vector<std::byte>> unpack_grain(const formats::core::ByteSource& file,
                                                           const formats::vmdk::GrainLayout& layout,
                                                           std::uint64_t grain, std::uint64_t sector);

}  // namespace cbtctl::disk
