// How a disk is divided: the partitions of an MBR, logical ones included, or of a GPT. Evidence in FORMAT.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/core/byte_source.h"
#include "formats/core/result.h"

namespace formats::partition {

struct Partition {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  std::string label;  // the name that a GPT gives it, else what its type is: "NTFS", "type 0x42"
  friend bool operator==(const Partition&, const Partition&) = default;
};

inline constexpr std::size_t most_partitions = 128;

// By offset; none where the disk has no table. What reaches past the disk's end is clipped, what begins there left out;
// chains of logical partitions end where they do not go on. The error is that of a read.
core::Result<std::vector<Partition>> read_partitions(const core::ByteSource& disk);

}  // namespace formats::partition
