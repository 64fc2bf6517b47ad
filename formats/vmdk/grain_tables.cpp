// A table is read with one call and decoded as an array: walking a disk costs what its tables weigh.
#include "formats/vmdk/grain_tables.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <variant>

#include "formats/core/checked.h"

namespace formats::vmdk {
namespace {

using core::Error;
using core::ErrorKind;
using core::Result;
using core::sector_bytes;

static_assert(std::endian::native == std::endian::little, "tables are read as arrays of the machine's integers");

constexpr std::uint64_t cowd_table_entries = 4096;
constexpr std::uint64_t sesparse_table_sectors = 64;
constexpr std::uint64_t sesparse_table_entries = 4096;
constexpr std::uint64_t most_grain_sectors = 2048;  // 1 MiB: sixteen times the largest in use
constexpr std::uint64_t most_tables = 32 << 20;     // 64 TiB of the smallest grains, as qemu has it
constexpr std::uint32_t zeroed_grains_flag = 4;
constexpr std::uint32_t markers_flag = 0x20000;

Error malformed(const std::string& message) { return {ErrorKind::malformed, message}; }

// The directory may be cut by the file's end: tables that it would name are damaged, the rest stays readable.
core::Status place_directory(GrainLayout& layout, std::uint64_t sector, std::uint64_t entries) {
  const auto offset = core::checked_multiply(sector, sector_bytes);
  if (!offset || *offset == 0 || *offset >= layout.file_bytes) {
    return malformed("the grain directory at sector " + std::to_string(sector) + " lies past the end of the file's " +
                     std::to_string(layout.file_bytes) + " bytes");
  }
  layout.directory_offset_bytes = *offset;
  layout.directory_entries = std::min(entries, (layout.file_bytes - *offset) / layout.entry_bytes());
  if (layout.format != GrainFormat::sesparse && !layout.is_compressed)
    layout.metadata_end_sector =
        core::divide_up(layout.directory_entry_offset_bytes(layout.directory_entries), sector_bytes);
  return core::success();
}

core::Status check_grains(const GrainLayout& layout) {
  if (!core::is_power_of_two(layout.grain_sectors) || layout.grain_sectors > most_grain_sectors)
    return malformed("grains of " + std::to_string(layout.grain_sectors) + " sectors: expected a power of two up to " +
                     std::to_string(most_grain_sectors));
  if (layout.tables() > most_tables)
    return malformed("a capacity of " + std::to_string(layout.capacity_sectors) + " sectors: more than any disk has");
  return core::success();
}

Error of_version(const std::string& format, const std::string& version) {
  return {ErrorKind::unsupported, format + " of version " + version + " is not known"};
}

core::Status fill(GrainLayout& layout, const CowdHeader& header, const core::ByteSource&) {
  if (header.version != 1) return of_version("COWD", std::to_string(header.version));
  layout.format = GrainFormat::cowd;
  layout.capacity_sectors = header.capacity_sectors;
  layout.grain_sectors = header.grain_sectors;
  layout.table_entries = cowd_table_entries;
  layout.one_is_zero = true;
  return place_directory(layout, header.grain_directory_sector, header.grain_directory_entries);
}

core::Status fill(GrainLayout& layout, const SeSparseHeader& header, const core::ByteSource&) {
  constexpr std::uint64_t version = 0x200000001;  // 2.1
  if (header.version != version)
    return of_version("seSparse",
                      std::to_string(header.version >> 32) + "." + std::to_string(header.version & 0xFFFFFFFF));
  if (header.grain_table_sectors != sesparse_table_sectors) {
    return malformed("grain tables of " + std::to_string(header.grain_table_sectors) + " sectors: expected " +
                     std::to_string(sesparse_table_sectors));
  }
  layout.format = GrainFormat::sesparse;
  layout.capacity_sectors = header.capacity_sectors;
  layout.grain_sectors = header.grain_sectors;
  layout.table_entries = sesparse_table_entries;
  layout.tables_sector = header.grain_tables_sector;
  layout.grains_sector = header.grains_sector;
  const auto entries = core::checked_multiply(header.grain_directory_sectors, sector_bytes / sizeof(le64));
  return place_directory(layout, header.grain_directory_sector, entries.value_or(~std::uint64_t{0}));
}

core::Status fill(GrainLayout& layout, const HostedSparseHeader& first, const core::ByteSource& file) {
  constexpr std::array<std::byte, 4> line_ends{std::byte{'\n'}, std::byte{' '}, std::byte{'\r'}, std::byte{'\n'}};
  if (first.line_end_probe != line_ends) return malformed("a transfer in text mode changed the file");
  constexpr std::uint32_t last_version = 3;
  if (first.version > last_version) return of_version("a hosted sparse extent", std::to_string(first.version));
  HostedSparseHeader header = first;
  if (first.has_footer()) {
    const auto footer = decode_footer(file);
    if (!footer) return footer.error();
    header = *footer;
  }
  constexpr std::uint32_t most_table_entries = 4096;  // 512 in all that was seen
  if (header.grain_table_entries == 0 || header.grain_table_entries > most_table_entries)
    return malformed("grain tables of " + std::to_string(header.grain_table_entries) + " entries");
  if (header.compression > 1) return malformed("a compression of kind " + std::to_string(header.compression));
  layout.format = GrainFormat::hosted;
  layout.capacity_sectors = header.capacity_sectors;
  layout.grain_sectors = header.grain_sectors;
  layout.table_entries = header.grain_table_entries;
  layout.one_is_zero = (header.flags & zeroed_grains_flag) != 0;
  layout.is_compressed = header.compression != 0;
  layout.has_markers = (header.flags & markers_flag) != 0;
  if (const auto checked = check_grains(layout); !checked) return checked;
  return place_directory(layout, header.grain_directory_sector, layout.tables());
}

// How many sectors from the first on can be where a grain begins that lies wholly in the file.
std::uint64_t grain_sectors_inside(const GrainLayout& layout) {
  const std::uint64_t sectors = layout.file_bytes / sector_bytes;
  const std::uint64_t least = layout.is_compressed ? 1 : layout.grain_sectors;
  return sectors < least ? 0 : sectors - least + 1;
}

// What a grain table's entry means.
struct GrainEntry {
  const GrainLayout& layout;
  std::uint64_t sectors_inside = grain_sectors_inside(layout);

  [[nodiscard]] std::uint64_t place(std::uint32_t entry) const {
    if (entry == 0) return place_absent;
    if (entry == 1 && layout.one_is_zero) return place_zero;
    return entry < sectors_inside ? entry : place_damaged;
  }

  // The kind is in the top four bits; 1 is unmapped by the guest, which reads as zeros.
  [[nodiscard]] std::uint64_t place(std::uint64_t entry) const {
    if (entry == 0) return place_absent;
    const std::uint64_t kind = entry >> 60;
    if (kind == 1 || kind == 2) return place_zero;
    if (kind != 3) return place_damaged;
    const std::uint64_t index = ((entry & 0x0FFF000000000000) >> 48) | ((entry & 0x0000FFFFFFFFFFFF) << 12);
    if (layout.grains_sector >= sectors_inside) return place_damaged;
    if (index > (sectors_inside - 1 - layout.grains_sector) / layout.grain_sectors) return place_damaged;
    return layout.grains_sector + index * layout.grain_sectors;
  }
};

// What a grain directory's entry means: the byte at which a table begins.
struct TableEntry {
  const GrainLayout& layout;

  [[nodiscard]] std::uint64_t place(std::uint32_t entry) const { return entry == 0 ? place_absent : begin_of(entry); }

  [[nodiscard]] std::uint64_t place(std::uint64_t entry) const {
    constexpr std::uint64_t table_kind = 0x10000000;
    if (entry == 0) return place_absent;
    if (entry >> 32 != table_kind) return place_damaged;
    const auto sector = core::checked_add(layout.tables_sector, (entry & 0xFFFFFFFF) * sesparse_table_sectors);
    return sector ? begin_of(*sector) : place_damaged;
  }

 private:
  [[nodiscard]] std::uint64_t begin_of(std::uint64_t sector) const {
    return sector < layout.file_bytes / sector_bytes ? sector * sector_bytes : place_damaged;
  }
};

// The entries are read into the end of `out` and decoded towards its front: entry i is read before place i is written,
// and no place reaches an entry behind its own.
template <typename Stored, typename Meaning>
core::Status read_entries(const core::ByteSource& file, std::uint64_t offset, std::span<std::uint64_t> out,
                          const Meaning& meaning) {
  const auto all = std::as_writable_bytes(out);
  const auto stored = all.last(out.size() * sizeof(Stored));
  const auto count = file.read_at(offset, stored);
  if (!count) return count.error();
  const std::size_t known = *count / sizeof(Stored);
  for (std::size_t i = 0; i < known; ++i) {
    Stored entry;
    std::memcpy(&entry, stored.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = meaning.place(entry);
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(known), out.end(), place_damaged);
  return core::success();
}

// An seSparse extent says in its volatile header whether its tables are all that there is.
core::Status check_journal(const SparseExtent& extent) {
  if (!std::holds_alternative<SeSparseHeader>(extent.header)) return core::success();
  constexpr std::uint64_t volatile_magic = 0xCAFECAFE;
  if (!extent.volatile_header || extent.volatile_header->magic != volatile_magic)
    return malformed(
        "has no volatile header where it must be, so it cannot be told whether its journal must be replayed");
  if (extent.volatile_header->replay_journal == 0) return core::success();
  return Error{ErrorKind::unsupported, "stopped uncleanly: its journal must be replayed before its tables can be read"};
}

}  // namespace

std::uint64_t GrainLayout::grains() const { return core::divide_up(capacity_sectors, grain_sectors); }
std::uint64_t GrainLayout::tables() const { return core::divide_up(grains(), table_entries); }
std::uint64_t GrainLayout::grain_bytes() const { return grain_sectors * sector_bytes; }
std::uint64_t GrainLayout::directory_entry_offset_bytes(std::uint64_t table) const {
  return directory_offset_bytes + table * entry_bytes();
}

Result<GrainLayout> layout_of(const SparseExtent& extent, const core::ByteSource& file) {
  GrainLayout layout{.file_bytes = file.size_bytes()};
  const auto filled = std::visit([&](const auto& header) { return fill(layout, header, file); }, extent.header);
  if (!filled) return filled.error();
  if (const auto checked = check_grains(layout); !checked) return checked.error();
  if (const auto checked = check_journal(extent); !checked) return checked.error();
  return layout;
}

core::Status read_directory(const core::ByteSource& file, const GrainLayout& layout, std::uint64_t first,
                            std::span<std::uint64_t> out) {
  const TableEntry meaning{layout};
  const std::uint64_t offset = layout.directory_entry_offset_bytes(first);
  const auto known = static_cast<std::size_t>(
      std::min<std::uint64_t>(out.size(), first < layout.directory_entries ? layout.directory_entries - first : 0));
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(known), out.end(), place_damaged);
  if (layout.format == GrainFormat::sesparse)
    return read_entries<std::uint64_t>(file, offset, out.first(known), meaning);
  return read_entries<std::uint32_t>(file, offset, out.first(known), meaning);
}

core::Status read_table(const core::ByteSource& file, const GrainLayout& layout, std::uint64_t offset_bytes,
                        std::span<std::uint64_t> out) {
  const GrainEntry meaning{layout};
  if (layout.format == GrainFormat::sesparse) return read_entries<std::uint64_t>(file, offset_bytes, out, meaning);
  return read_entries<std::uint32_t>(file, offset_bytes, out, meaning);
}

std::size_t run_length(std::span<const std::uint64_t> places, const GrainLayout& layout) {
  const std::uint64_t first = places.front();
  const bool is_data = first != place_absent && first != place_zero && first != place_damaged;
  if (is_data && layout.is_compressed) return 1;
  const std::uint64_t step = is_data ? layout.grain_sectors : 0;
  std::size_t length = 1;
  while (length < places.size() && places[length] == first + length * step) ++length;
  return length;
}

}  // namespace formats::vmdk
