#include "formats/vmdk/sparse.h"

#include <algorithm>
#include <limits>

#include "formats/core/checked.h"
#include "formats/vmdk/descriptor.h"

namespace formats::vmdk {
namespace {

using core::Error;
using core::ErrorKind;

constexpr std::uint32_t cowd_magic = 0x44574F43;
constexpr std::uint32_t hosted_magic = 0x564D444B;
constexpr std::uint64_t sesparse_magic = 0xCAFEBABE;

std::uint64_t saturated_bytes(std::uint64_t sectors) {
  return core::checked_multiply(sectors, core::sector_bytes).value_or(std::numeric_limits<std::uint64_t>::max());
}

template <typename Header>
core::Result<Header> load_header(const core::ByteSource& extent) {
  const auto bytes = core::read_exact(extent, 0, sizeof(Header));
  if (!bytes) return bytes.error();
  return *core::load<Header>(*bytes);
}

core::Result<SparseExtent> decode_cowd(const core::ByteSource& extent) {
  const auto header = load_header<CowdHeader>(extent);
  if (!header) return header.error();
  return SparseExtent{.header = *header, .volatile_header = {}, .embedded_descriptor = {}};
}

// A volatile header that lies outside the bytes at hand is left out; check() tells where it lies outside the file.
core::Result<SparseExtent> decode_sesparse(const core::ByteSource& extent) {
  const auto header = load_header<SeSparseHeader>(extent);
  if (!header) return header.error();
  SparseExtent decoded{.header = *header, .volatile_header = {}, .embedded_descriptor = {}};
  const auto offset = core::checked_multiply(header->volatile_header_sector, core::sector_bytes);
  if (!offset || *offset == 0) return decoded;
  const auto bytes = core::read_exact(extent, *offset, sizeof(SeSparseVolatileHeader));
  if (bytes) decoded.volatile_header = core::load<SeSparseVolatileHeader>(*bytes);
  if (!bytes && bytes.error().kind != ErrorKind::truncated) return bytes.error();
  return decoded;
}

core::Result<SparseExtent> decode_hosted(const core::ByteSource& extent) {
  const auto header = load_header<HostedSparseHeader>(extent);
  if (!header) return header.error();
  SparseExtent decoded{.header = *header, .volatile_header = {}, .embedded_descriptor = {}};
  const std::uint64_t end_bytes = decoded.embedded_end_bytes();
  if (end_bytes == 0) return decoded;
  if (end_bytes > max_embedded_end_bytes)
    return Error{ErrorKind::malformed, "its descriptor ends at byte " + std::to_string(end_bytes) +
                                           ", expected at most " + std::to_string(max_embedded_end_bytes)};
  const std::uint64_t offset = header->descriptor_sector * core::sector_bytes;
  const auto bytes = core::read_exact(extent, offset, end_bytes - offset);
  if (!bytes) {
    if (bytes.error().kind != ErrorKind::truncated) return bytes.error();
    return decoded;
  }
  auto text = descriptor_text(*bytes, bytes->size() <= max_descriptor_bytes);
  if (!text) return text.error().in("its descriptor");
  if (!(*text)->empty()) decoded.embedded_descriptor = std::move(*text);
  return decoded;
}

}  // namespace

core::Result<SparseExtent> decode_sparse(const core::ByteSource& extent) {
  const auto head = core::read_head(extent, sizeof(le64));
  if (!head) return head.error();
  const auto magic = core::load<le32>(*head);
  if (magic == cowd_magic) return decode_cowd(extent);
  if (magic == hosted_magic) return decode_hosted(extent);
  if (core::load<le64>(*head) == sesparse_magic) return decode_sesparse(extent);
  return Error{ErrorKind::malformed,
               "is no sparse extent: it begins with none of the magics COWD, KDMV and 0xcafebabe"};
}

core::Result<HostedSparseHeader> decode_footer(const core::ByteSource& file) {
  constexpr std::uint64_t footer_from_end = 1024;
  const Error missing{ErrorKind::truncated, "the stream has no footer where it must be: it was cut"};
  if (file.size_bytes() < footer_from_end) return missing;
  const auto bytes = core::read_exact(file, file.size_bytes() - footer_from_end, core::sector_bytes);
  if (!bytes) return bytes.error();
  const auto footer = core::load<HostedSparseHeader>(*bytes);
  if (!footer || footer->magic != hosted_magic) return missing;
  return *footer;
}

std::uint64_t SparseExtent::embedded_end_bytes() const {
  const auto* hosted = std::get_if<HostedSparseHeader>(&header);
  if (hosted == nullptr || hosted->descriptor_sector == 0) return 0;
  const auto offset = core::checked_multiply(hosted->descriptor_sector, core::sector_bytes);
  const auto size = core::checked_multiply(hosted->descriptor_sectors, core::sector_bytes);
  if (!offset || !size || *size == 0) return 0;
  return core::checked_add(*offset, std::min<std::uint64_t>(*size, max_descriptor_bytes + 1)).value_or(0);
}

std::uint64_t SparseExtent::capacity_bytes() const {
  return std::visit([](const auto& h) { return saturated_bytes(h.capacity_sectors); }, header);
}

std::uint64_t SparseExtent::grain_bytes() const {
  return std::visit([](const auto& h) { return saturated_bytes(h.grain_sectors); }, header);
}

bool SparseExtent::is_stream_optimized() const {
  const auto* hosted = std::get_if<HostedSparseHeader>(&header);
  return hosted != nullptr && hosted->compression != 0;
}

bool SparseExtent::is_unclean() const {
  const auto* hosted = std::get_if<HostedSparseHeader>(&header);
  if (hosted != nullptr) return hosted->unclean_shutdown != 0;
  return volatile_header && volatile_header->replay_journal != 0;
}

}  // namespace formats::vmdk
