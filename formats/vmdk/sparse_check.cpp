// One function per header: every number is held against the file's size and the other numbers.
#include <array>
#include <string>

#include "formats/core/checked.h"
#include "formats/core/hex.h"
#include "formats/vmdk/sparse.h"

namespace formats::vmdk {
namespace {

using core::Defects;

constexpr std::uint32_t redundant_directory_flag = 2;

// The defects of one extent, and the few ways in which a number can be wrong.
class Checker {
 public:
  // `part` goes before every field.
  explicit Checker(std::uint64_t file_bytes, std::string part = {}) : file_bytes_(file_bytes), part_(std::move(part)) {}

  void expect(bool holds, const std::string& field, std::uint64_t offset, const std::string& expected,
              const std::string& found) {
    if (holds) return;
    const std::string name = part_ + field;
    defects_.push_back({name, offset, expected, found, name + ": expected " + expected + ", found " + found});
  }
  void expect(bool holds, const std::string& field, std::uint64_t offset, const std::string& expected,
              std::uint64_t found) {
    expect(holds, field, offset, expected, std::to_string(found));
  }

  // `sectors` from `sector` on lie inside the file.
  void expect_inside(const std::string& field, std::uint64_t offset, std::uint64_t sector, std::uint64_t sectors) {
    const auto begin = core::checked_multiply(sector, core::sector_bytes);
    const auto length = core::checked_multiply(sectors, core::sector_bytes);
    const auto end = begin && length ? core::checked_add(*begin, *length) : std::nullopt;
    expect(end && *end <= file_bytes_, field, offset,
           "an end within the file's " + std::to_string(file_bytes_) + " bytes", end.value_or(~std::uint64_t{0}));
  }

  Defects take() { return std::move(defects_); }

 private:
  std::uint64_t file_bytes_;
  std::string part_;
  Defects defects_;
};

void check_header(const CowdHeader& header, Checker& checker) {
  constexpr std::uint64_t entries_per_table = 4096;
  checker.expect(header.version == 1, "version", 4, "1", header.version);
  checker.expect(core::is_power_of_two(header.grain_sectors), "grain_sectors", 16, "a power of two",
                 header.grain_sectors);
  checker.expect(header.capacity_sectors != 0, "capacity_sectors", 12, "more than 0", header.capacity_sectors);
  checker.expect_inside("grain_directory", 20, header.grain_directory_sector,
                        core::divide_up(std::uint64_t{header.grain_directory_entries} * 4, core::sector_bytes));
  if (header.grain_sectors == 0) return;
  const std::uint64_t grains = core::divide_up(header.capacity_sectors, header.grain_sectors);
  const std::uint64_t needed = core::divide_up(grains, entries_per_table);
  checker.expect(header.grain_directory_entries >= needed, "grain_directory_entries", 24,
                 "at least " + std::to_string(needed) + " for the capacity", header.grain_directory_entries);
}

void check_header(const SeSparseHeader& header, Checker& checker) {
  constexpr std::uint64_t known_version = 0x200000001;
  checker.expect(header.version == known_version, "version", 8, std::to_string(known_version), header.version);
  checker.expect(header.grain_sectors == 8, "grain_sectors", 24, "8", header.grain_sectors);
  checker.expect(header.grain_table_sectors == 64, "grain_table_sectors", 32, "64", header.grain_table_sectors);
  checker.expect(header.flags == 0, "flags", 40, "0", header.flags);
  checker.expect(header.capacity_sectors != 0, "capacity_sectors", 16, "more than 0", header.capacity_sectors);
  struct Area {
    const char* name;
    std::uint64_t offset, sector, sectors;
  };
  const std::array<Area, 7> areas{{
      {"volatile_header", 80, header.volatile_header_sector, header.volatile_header_sectors},
      {"journal_header", 96, header.journal_header_sector, header.journal_header_sectors},
      {"journal", 112, header.journal_sector, header.journal_sectors},
      {"grain_directory", 128, header.grain_directory_sector, header.grain_directory_sectors},
      {"grain_tables", 144, header.grain_tables_sector, header.grain_tables_sectors},
      {"free_bitmap", 160, header.free_bitmap_sector, header.free_bitmap_sectors},
      {"back_map", 176, header.back_map_sector, header.back_map_sectors},
  }};
  for (const Area& area : areas) checker.expect_inside(area.name, area.offset, area.sector, area.sectors);
  checker.expect_inside("grains", 192, header.grains_sector, 0);
  constexpr std::uint64_t sectors_per_table = 4096 * 8;  // what one table maps
  constexpr std::uint64_t entries_per_sector = 64;
  const std::uint64_t needed =
      core::divide_up(core::divide_up(header.capacity_sectors, sectors_per_table), entries_per_sector);
  checker.expect(header.grain_directory_sectors >= needed, "grain_directory_sectors", 136,
                 "at least " + std::to_string(needed) + " for the capacity", header.grain_directory_sectors);
}

void check_header(const HostedSparseHeader& header, Checker& checker) {
  checker.expect(header.version >= 1 && header.version <= 3, "version", 4, "1 to 3", header.version);
  checker.expect(header.capacity_sectors != 0, "capacity_sectors", 12, "more than 0", header.capacity_sectors);
  checker.expect(core::is_power_of_two(header.grain_sectors) && header.grain_sectors >= 8, "grain_sectors", 20,
                 "a power of two of at least 8", header.grain_sectors);
  checker.expect(header.grain_table_entries == 512, "grain_table_entries", 44, "512", header.grain_table_entries);
  checker.expect(header.unclean_shutdown == 0, "unclean_shutdown", 72, "0", header.unclean_shutdown);
  constexpr std::array<std::byte, 4> line_ends{std::byte{'\n'}, std::byte{' '}, std::byte{'\r'}, std::byte{'\n'}};
  checker.expect(header.line_end_probe == line_ends, "line_end_probe", 73,
                 "0a200d0a: else a transfer in text mode changed the file", core::hex_bytes(header.line_end_probe));
  checker.expect(header.compression <= 1, "compression", 77, "0 or 1", header.compression);
  checker.expect_inside("descriptor", 28, header.descriptor_sector, header.descriptor_sectors);
  checker.expect_inside("overhead", 64, 0, header.overhead_sectors);
  if (header.has_footer() || header.grain_sectors == 0) return;
  const std::uint64_t grains = core::divide_up(header.capacity_sectors, header.grain_sectors);
  const std::uint64_t directory_sectors = core::divide_up(core::divide_up(grains, 512), 128);
  checker.expect_inside("grain_directory", 56, header.grain_directory_sector, directory_sectors);
  if ((header.flags & redundant_directory_flag) == 0) return;
  checker.expect_inside("redundant_grain_directory", 48, header.redundant_grain_directory_sector, directory_sectors);
}

}  // namespace

Defects check(const SparseExtent& extent, std::uint64_t file_bytes,
              std::optional<std::uint64_t> descriptor_capacity_bytes) {
  Checker checker(file_bytes);
  std::visit([&](const auto& header) { check_header(header, checker); }, extent.header);
  if (extent.volatile_header) {
    constexpr std::uint64_t volatile_magic = 0xCAFECAFE;
    const auto& header = *extent.volatile_header;
    checker.expect(header.magic == volatile_magic, "volatile_header.magic", 0, "0xcafecafe", header.magic);
    checker.expect(header.replay_journal == 0, "volatile_header.replay_journal", 24, "0: the journal is not replayed",
                   header.replay_journal);
  }
  if (descriptor_capacity_bytes) {
    checker.expect(extent.capacity_bytes() == *descriptor_capacity_bytes, "capacity_bytes", 0,
                   std::to_string(*descriptor_capacity_bytes) + ", as the descriptor has it", extent.capacity_bytes());
  }
  return checker.take();
}

core::Result<Defects> check_footer(const SparseExtent& extent, const core::ByteSource& file) {
  const auto* header = std::get_if<HostedSparseHeader>(&extent.header);
  if (header == nullptr || !header->has_footer()) return Defects{};
  Checker checker(file.size_bytes(), "footer.");
  const auto footer = decode_footer(file);
  if (!footer && footer.error().kind != core::ErrorKind::truncated) return footer.error();
  checker.expect(footer.has_value(), "magic", 0, "a footer before the last sector", "none: the stream was cut");
  if (!footer) return checker.take();
  checker.expect(!footer->has_footer(), "grain_directory", 56, "a sector", "none");
  checker.expect(footer->capacity_sectors == header->capacity_sectors, "capacity_sectors", 12,
                 std::to_string(header->capacity_sectors) + ", as the header has it", footer->capacity_sectors);
  check_header(*footer, checker);
  return checker.take();
}

}  // namespace formats::vmdk
