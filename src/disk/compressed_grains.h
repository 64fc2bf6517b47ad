// Grains that are zlib streams behind a marker, unpacked.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "formats/core/byte_source.h"

namespace cbtctl::disk {

// Keeps the last grain, since it is mostly asked for piece by piece. Safe to call from several threads at once.
class CompressedGrains {
 public:
  // Fills `out` with what lies `within_bytes` behind the beginning of the grain whose marker is at
  // `marker_offset_bytes`. `malformed` where it does not unpack, or to more than `grain_bytes`; what it lacks is zeros.
  formats::core::Status read(const formats::core::ByteSource& source, std::uint64_t marker_offset_bytes,
                             std::uint64_t grain_bytes, std::uint64_t within_bytes, std::span<std::byte> out) const;

 private:
  struct Grain {
    std::uint64_t marker_offset_bytes = 0;
    std::vector<std::byte> bytes;
  };
  static formats::core::Result<std::shared_ptr<const Grain>> unpack(const formats::core::ByteSource& source,
                                                                    std::uint64_t marker_offset_bytes,
                                                                    std::uint64_t grain_bytes);

  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Grain> last_;
};

}  // namespace cbtctl::disk
