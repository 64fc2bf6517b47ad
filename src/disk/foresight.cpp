#include "disk/foresight.h"

#include <utility>

namespace cbtctl::disk {

void Foresight::add(const MapWalker::Piece& piece) {
  const MapExtent& extent = piece.extent;
  if (extent.allocation != Allocation::data || piece.run.is_compressed) return;
  const std::uint64_t within = extent.offset_bytes - piece.part->begin_bytes - piece.run.extent_offset_bytes;
  ranges_[piece.part->extent.get()].push_back({piece.run.file_offset_bytes + within, extent.length_bytes});
}

void Foresight::tell() {
  for (auto& [extent, ranges] : std::exchange(ranges_, {})) extent->expect(std::move(ranges));
}

}  // namespace cbtctl::disk
