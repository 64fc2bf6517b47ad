#include "disk/extent.h"

#include "disk/flat_extent.h"
#include "disk/sparse_extent.h"
#include "formats/core/checked.h"

namespace cbtctl::disk {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::sector_bytes;
using formats::vmdk::ExtentKind;

Result<std::unique_ptr<Extent>> open_extent(const formats::vmdk::ExtentLine& line,
                                            std::shared_ptr<const ByteSource> source) {
  switch (line.kind) {
    case ExtentKind::zero:
      return zero_extent();
    case ExtentKind::flat:
    case ExtentKind::vmfs:
      return flat_extent(std::move(source), line.offset_sectors * sector_bytes, line.sectors * sector_bytes);
    case ExtentKind::vmfs_rdm:
      return flat_extent(std::move(source), 0, line.sectors * sector_bytes);
    case ExtentKind::vmfs_sparse:
    case ExtentKind::sesparse:
    case ExtentKind::sparse:
      return open_sparse_extent(std::move(source));
    case ExtentKind::vsan_sparse:
    case ExtentKind::vmfs_raw:
    case ExtentKind::other:
      break;
  }
  return Error{ErrorKind::unsupported, "an extent of type " + line.type + " cannot be read"};
}

}  // namespace cbtctl::disk
