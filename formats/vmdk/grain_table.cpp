#include "formats/vmdk/grain_table.h"

#include <algorithm>
#include <array>
#include <string>

#include "formats/core/checked.h"

namespace formats::vmdk {
namespace {

using core::Defect;
using core::Error;
using core::ErrorKind;
using core::sector_bytes;

constexpr std::size_t buffer_bytes = 32 * 1024;
constexpr std::uint64_t most_grain_sectors = 0x200000;           // as qemu has it
constexpr std::uint64_t most_compressed_grain_sectors = 0x8000;  // 16 MiB: it is unpacked in memory
constexpr std::uint64_t most_sectors = std::uint64_t{1} << 54;
constexpr std::uint64_t most_directory_sectors = std::uint64_t{1} << 48;
constexpr std::uint64_t least_impossible_index = std::uint64_t{1} << 42;  // keeps products below 2^64

constexpr std::uint64_t u32_sector(std::uint64_t entry, std::uint64_t zeros_below, std::uint64_t end) {
  return entry == 0 ? grain_absent : entry < zeros_below ? grain_zero : entry < end ? entry : grain_damaged;
}

constexpr std::uint64_t indexed_sector(std::uint64_t base, std::uint64_t index, std::uint64_t unit, std::uint64_t end) {
  if (base >= end || index >= least_impossible_index) return grain_damaged;
  const std::uint64_t sector = base + index * unit;
  return sector < end ? sector : grain_damaged;
}

// The indexes of seSparse entries; nothing where the entry is no index.
constexpr std::optional<std::uint64_t> table_index(std::uint64_t entry) {
  constexpr std::uint64_t allocated = 0x10000000;
  return entry >> 32 == allocated ? std::optional(entry & 0xFFFFFFFF) : std::nullopt;
}
constexpr std::optional<std::uint64_t> grain_index(std::uint64_t entry) {
  constexpr std::uint64_t allocated = 3;
  if (entry >> 60 != allocated) return std::nullopt;
  return ((entry & 0x0FFF000000000000) >> 48) | ((entry & 0x0000FFFFFFFFFFFF) << 12);
}

constexpr std::uint64_t sesparse_sector(std::uint64_t entry, const GrainLayout& layout, std::uint64_t end) {
  if (entry == 0) return grain_absent;
  if (const auto index = grain_index(entry))
    return indexed_sector(layout.grains_sector, *index, layout.grain_sectors, end);
  const std::uint64_t kind = entry >> 60;
  return kind == 1 || kind == 2 ? grain_zero : grain_damaged;  // unmapped by the guest, zero
}

Error malformed(const std::string& message) { return {ErrorKind::malformed, message}; }

core::Result<std::uint64_t> directory_offset(std::uint64_t sector) {
  if (sector > most_sectors) return malformed("the grain directory lies past any file's end");
  return sector * sector_bytes;
}

GrainLayout layout_of(const CowdHeader& header) {
  constexpr std::uint64_t entries_per_table = 4096;
  return {.capacity_sectors = header.capacity_sectors,
          .grain_sectors = header.grain_sectors,
          .directory_offset_bytes = header.grain_directory_sector * sector_bytes,
          .directory_entries = header.grain_directory_entries,
          .table_entries = entries_per_table,
          .one_is_zero = true};
}

core::Result<GrainLayout> layout_of(const SeSparseHeader& header) {
  constexpr std::uint64_t known_table_sectors = 64;
  if (header.grain_table_sectors != known_table_sectors)
    return malformed("the grain tables have " + std::to_string(header.grain_table_sectors) + " sectors, expected 64");
  const auto directory = directory_offset(header.grain_directory_sector);
  if (!directory) return directory.error();
  return GrainLayout{
      .capacity_sectors = header.capacity_sectors,
      .grain_sectors = header.grain_sectors,
      .directory_offset_bytes = *directory,
      .directory_entries = std::min<std::uint64_t>(header.grain_directory_sectors, most_directory_sectors) * 64,
      .table_entries = known_table_sectors * 64,
      .is_sesparse = true,
      .tables_sector = header.grain_tables_sector,
      .grains_sector = header.grains_sector};
}

// A stream's header does not know where its directory lies; the footer, a copy of it, does.
core::Result<HostedSparseHeader> with_directory(const HostedSparseHeader& header, const core::ByteSource& file) {
  constexpr std::uint64_t at_end = ~std::uint64_t{0};
  constexpr std::uint64_t footer_from_end = 2 * sector_bytes;
  if (header.grain_directory_sector != at_end) return header;
  if (file.size_bytes() < footer_from_end) return malformed("the stream has no footer");
  const auto bytes = core::read_exact(file, file.size_bytes() - footer_from_end, sector_bytes);
  if (!bytes) return bytes.error();
  const auto footer = core::load<HostedSparseHeader>(*bytes);
  if (!footer || footer->magic != header.magic) return malformed("the stream has no footer where it must be");
  return *footer;
}

core::Result<GrainLayout> layout_of(const HostedSparseHeader& header) {
  constexpr std::uint32_t has_zeroed_grains = 4;
  if (header.grain_table_entries == 0) return malformed("the grain tables have no entries");
  if (header.grain_sectors == 0) return malformed("the sparse extent's grains have no size");
  const auto directory = directory_offset(header.grain_directory_sector);
  if (!directory) return directory.error();
  const std::uint64_t grains = core::divide_up(header.capacity_sectors, header.grain_sectors);
  return GrainLayout{.capacity_sectors = header.capacity_sectors,
                     .grain_sectors = header.grain_sectors,
                     .directory_offset_bytes = *directory,
                     .directory_entries = core::divide_up(grains, header.grain_table_entries),
                     .table_entries = header.grain_table_entries,
                     .one_is_zero = (header.flags & has_zeroed_grains) != 0,
                     .is_compressed = header.compression != 0};
}

core::Result<GrainLayout> layout_of(const SparseExtent& extent, const core::ByteSource& file) {
  if (const auto* cowd = std::get_if<CowdHeader>(&extent.header)) return layout_of(*cowd);
  if (const auto* sesparse = std::get_if<SeSparseHeader>(&extent.header)) return layout_of(*sesparse);
  const auto hosted = with_directory(std::get<HostedSparseHeader>(extent.header), file);
  if (!hosted) return hosted.error();
  return layout_of(*hosted);
}

}  // namespace

std::uint64_t GrainLayout::grains() const { return core::divide_up(capacity_sectors, grain_sectors); }

core::Result<GrainLayout> locate_tables(const SparseExtent& extent, const core::ByteSource& file) {
  if (extent.volatile_header && extent.volatile_header->replay_journal != 0) {
    return Error{ErrorKind::unsupported,
                 "stopped uncleanly: its journal must be replayed before its tables can be read"};
  }
  const auto layout = layout_of(extent, file);
  if (!layout) return layout.error();
  if (layout->grain_sectors == 0) return malformed("the sparse extent's grains have no size");
  if (layout->grain_sectors > (layout->is_compressed ? most_compressed_grain_sectors : most_grain_sectors))
    return malformed("the sparse extent's grains have " + std::to_string(layout->grain_sectors) + " sectors");
  if (layout->capacity_sectors > most_sectors)
    return malformed("the sparse extent's capacity is " + std::to_string(layout->capacity_sectors) + " sectors");
  return layout;
}

GrainTables::GrainTables(const core::ByteSource& file, const GrainLayout& layout)
    : file_(file), layout_(layout), end_sector_(core::divide_up(file.size_bytes(), sector_bytes)) {}

core::Status GrainTables::read_directory(std::uint64_t first, std::span<std::uint64_t> out) {
  return read(layout_.directory_offset_bytes + first * layout_.entry_bytes(), true, out);
}

core::Status GrainTables::read_table(std::uint64_t table_sector, std::uint64_t first, std::span<std::uint64_t> out) {
  return read(table_sector * sector_bytes + first * layout_.entry_bytes(), false, out);
}

core::Result<std::uint64_t> GrainTables::directory_hole(std::uint64_t first) {
  const auto length = hole_bytes(layout_.directory_offset_bytes + first * layout_.entry_bytes());
  if (!length) return length.error();
  return std::min(*length / layout_.entry_bytes(), layout_.directory_entries - first);
}

core::Status GrainTables::read(std::uint64_t offset_bytes, bool of_directory, std::span<std::uint64_t> out) {
  std::array<std::byte, buffer_bytes> buffer;
  const std::uint64_t width = layout_.entry_bytes();
  while (!out.empty()) {
    const auto piece = out.first(std::min<std::size_t>(out.size(), buffer_bytes / width));
    const auto bytes = std::span(buffer).first(piece.size() * width);
    const auto hole = hole_bytes(offset_bytes);
    if (!hole) return hole.error();
    std::size_t known = piece.size();
    if (*hole >= bytes.size()) {
      std::fill(piece.begin(), piece.end(), grain_absent);
    } else {
      const auto count = file_.read_at(offset_bytes, bytes);
      if (!count) return count.error();
      known = *count / width;
      for (std::size_t i = 0; i < known && width == 4; ++i)
        piece[i] = decode(*core::load<le32>(bytes, i * 4), of_directory);
      for (std::size_t i = 0; i < known && width == 8; ++i)
        piece[i] = decode(*core::load<le64>(bytes, i * 8), of_directory);
    }
    std::fill(piece.begin() + static_cast<std::ptrdiff_t>(known), piece.end(), grain_damaged);
    offset_bytes += bytes.size();
    out = out.subspan(piece.size());
  }
  return core::success();
}

std::uint64_t GrainTables::decode(std::uint64_t entry, bool of_directory) const {
  if (!layout_.is_sesparse) return u32_sector(entry, !of_directory && layout_.one_is_zero ? 2 : 0, end_sector_);
  if (!of_directory) return sesparse_sector(entry, layout_, end_sector_);
  if (entry == 0) return grain_absent;
  const auto index = table_index(entry);
  constexpr std::uint64_t table_sectors = 64;
  return index ? indexed_sector(layout_.tables_sector, *index, table_sectors, end_sector_) : grain_damaged;
}

core::Result<std::uint64_t> GrainTables::hole_bytes(std::uint64_t offset_bytes) {
  if (offset_bytes < hole_begin_ || offset_bytes >= data_end_) {
    const auto data = file_.next_data(offset_bytes);
    if (!data) return data.error();
    const bool none = data->length_bytes == 0;
    hole_begin_ = offset_bytes;
    data_begin_ = none ? file_.size_bytes() : data->offset_bytes;
    data_end_ = none ? file_.size_bytes() : data->offset_bytes + data->length_bytes;
  }
  return offset_bytes < data_begin_ ? data_begin_ - offset_bytes : 0;
}

core::Result<std::optional<Defect>> GrainTables::defect_of(std::uint64_t number) const {
  const std::uint64_t table = number / layout_.table_entries;
  if (table >= layout_.directory_entries) {
    return std::optional(Defect{"grain_directory", layout_.directory_offset_bytes,
                                "at least " + std::to_string(table + 1) + " entries",
                                std::to_string(layout_.directory_entries),
                                "grain " + std::to_string(number) + " lies past the grain directory"});
  }
  auto above = look(layout_.directory_offset_bytes + table * layout_.entry_bytes(), true, number);
  if (!above) return above.error();
  if (above->defect || !is_sector(above->sector)) return std::move(above->defect);
  const std::uint64_t within = number % layout_.table_entries * layout_.entry_bytes();
  auto entry = look(above->sector * sector_bytes + within, false, number);
  if (!entry) return entry.error();
  return std::move(entry->defect);
}

core::Result<GrainTables::Looked> GrainTables::look(std::uint64_t offset_bytes, bool of_directory,
                                                    std::uint64_t number) const {
  const std::string what = of_directory ? "grain table" : "grain";
  const std::string place =
      " (grain " + std::to_string(number) + ", entry at byte " + std::to_string(offset_bytes) + ")";
  Defect defect{of_directory ? "grain_directory" : "grain_table", offset_bytes, {}, {}, {}};
  const auto bytes = core::read_exact(file_, offset_bytes, layout_.entry_bytes());
  if (!bytes && bytes.error().kind != ErrorKind::truncated) return bytes.error();
  if (!bytes) {
    defect.expected = "an entry";
    defect.found = "the end of the file at byte " + std::to_string(file_.size_bytes());
    defect.message = "a table ends with the file at byte " + std::to_string(file_.size_bytes()) + place;
    return Looked{grain_damaged, std::move(defect)};
  }
  const std::uint64_t entry = layout_.is_sesparse ? *core::load<le64>(*bytes) : *core::load<le32>(*bytes);
  const std::uint64_t sector = decode(entry, of_directory);
  if (sector != grain_damaged) return Looked{sector, {}};
  const bool known = !layout_.is_sesparse || (of_directory ? table_index(entry) : grain_index(entry)).has_value();
  defect.found = (layout_.is_sesparse ? "entry " : "sector ") + std::to_string(entry);
  defect.expected = known ? "a " + what + " within the file's " + std::to_string(file_.size_bytes()) + " bytes"
                          : "an entry of a known kind";
  defect.message =
      "a " + what + " at " + defect.found + (known ? " lies past the end of the file" : " is of no known kind") + place;
  return Looked{sector, std::move(defect)};
}

}  // namespace formats::vmdk
