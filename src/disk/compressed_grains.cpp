#include "disk/compressed_grains.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <string>

#include "formats/core/checked.h"
#include "formats/core/endian.h"

namespace cbtctl::disk {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;
using formats::core::Status;

namespace {

struct Marker {
  formats::core::le64 sector;
  formats::core::le32 packed_bytes;
};
static_assert(sizeof(Marker) == 12);

}  // namespace

Status CompressedGrains::read(const formats::core::ByteSource& source, std::uint64_t marker_offset_bytes,
                              std::uint64_t grain_bytes, std::uint64_t within_bytes, std::span<std::byte> out) const {
  std::shared_ptr<const Grain> grain;
  {
    const std::scoped_lock lock(mutex_);
    grain = last_;
  }
  if (!grain || grain->marker_offset_bytes != marker_offset_bytes) {
    auto unpacked = unpack(source, marker_offset_bytes, grain_bytes);
    if (!unpacked) return unpacked.error();
    grain = std::move(*unpacked);
    const std::scoped_lock lock(mutex_);
    last_ = grain;
  }
  std::copy_n(grain->bytes.begin() + static_cast<std::ptrdiff_t>(within_bytes), out.size(), out.begin());
  return formats::core::success();
}

Result<std::shared_ptr<const CompressedGrains::Grain>> CompressedGrains::unpack(const formats::core::ByteSource& source,
                                                                                std::uint64_t marker_offset_bytes,
                                                                                std::uint64_t grain_bytes) {
  std::array<std::byte, sizeof(Marker)> head{};
  if (const auto read = formats::core::read_all(source, marker_offset_bytes, head); !read) return read.error();
  const auto marker = *formats::core::load<Marker>(head);
  const std::string place = " at byte " + std::to_string(marker_offset_bytes);
  if (marker.packed_bytes == 0 || marker.packed_bytes > grain_bytes * 2 + 1024)
    return Error{ErrorKind::malformed,
                 "a compressed grain of " + std::to_string(marker.packed_bytes) + " bytes" + place};
  std::vector<std::byte> packed(marker.packed_bytes);
  if (const auto read = formats::core::read_all(source, marker_offset_bytes + sizeof(Marker), packed); !read)
    return read.error();
  auto grain = std::make_shared<Grain>();
  grain->marker_offset_bytes = marker_offset_bytes;
  grain->bytes.resize(static_cast<std::size_t>(grain_bytes));
  uLongf length = static_cast<uLongf>(grain->bytes.size());
  const int status = ::uncompress(reinterpret_cast<Bytef*>(grain->bytes.data()), &length,
                                  reinterpret_cast<const Bytef*>(packed.data()), static_cast<uLong>(packed.size()));
  if (status != Z_OK) return Error{ErrorKind::malformed, "the compressed grain" + place + " does not unpack"};
  return std::shared_ptr<const Grain>(std::move(grain));
}

}  // namespace cbtctl::disk
