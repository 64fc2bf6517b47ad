#include "disk/grain_unpacker.h"

#include <zlib.h>

#include <algorithm>
#include <string>

#include "formats/core/checked.h"

namespace cbtctl::disk {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;
using formats::vmdk::GrainLayout;
using formats::vmdk::GrainMarker;

Error bad_grain(std::uint64_t offset, const std::string& why) {
  return {ErrorKind::malformed, "the compressed grain at byte " + std::to_string(offset) + " " + why};
}

// Deflate makes nothing twice as long; what claims to be is damaged.
std::uint64_t most_packed_bytes(const GrainLayout& layout) { return 2 * layout.grain_bytes(); }

Result<std::vector<std::byte>> packed_bytes_of(const formats::core::ByteSource& file, const GrainLayout& layout,
                                               std::uint64_t grain, std::uint64_t offset) {
  if (!layout.has_markers) {
    const std::uint64_t left = file.size_bytes() - std::min(offset, file.size_bytes());
    return formats::core::read_exact(file, offset, std::min(left, most_packed_bytes(layout)));
  }
  const auto head = formats::core::read_exact(file, offset, sizeof(GrainMarker));
  if (!head) return head.error();
  const auto marker = *formats::core::load<GrainMarker>(*head);
  if (marker.sector != grain * layout.grain_sectors)
    return bad_grain(offset, "says that it is sector " + std::to_string(marker.sector) + ", expected " +
                                 std::to_string(grain * layout.grain_sectors));
  if (marker.packed_bytes == 0 || marker.packed_bytes > most_packed_bytes(layout))
    return bad_grain(offset, "says that it has " + std::to_string(marker.packed_bytes) + " bytes");
  return formats::core::read_exact(file, offset + sizeof(GrainMarker), marker.packed_bytes);
}

}  // namespace

Result<std::vector<std::byte>> unpack_grain(const formats::core::ByteSource& file, const GrainLayout& layout,
                                            std::uint64_t grain, std::uint64_t sector) {
  const std::uint64_t offset = sector * formats::core::sector_bytes;
  const auto packed = packed_bytes_of(file, layout, grain, offset);
  if (!packed) return packed.error();
  std::vector<std::byte> grain_bytes(static_cast<std::size_t>(layout.grain_bytes()));
  uLongf length = static_cast<uLongf>(grain_bytes.size());
  uLong used = static_cast<uLong>(packed->size());
  const int status = ::uncompress2(reinterpret_cast<Bytef*>(grain_bytes.data()), &length,
                                   reinterpret_cast<const Bytef*>(packed->data()), &used);
  if (status != Z_OK) return bad_grain(offset, "does not unpack");
  // The last grain of a disk may be cut where the disk ends.
  const std::uint64_t wanted = std::min(layout.grain_sectors, layout.capacity_sectors - grain * layout.grain_sectors) *
                               formats::core::sector_bytes;
  if (length < wanted)
    return bad_grain(offset, "unpacks to " + std::to_string(length) + " bytes, expected " + std::to_string(wanted));
  return grain_bytes;
}

}  // namespace cbtctl::disk
