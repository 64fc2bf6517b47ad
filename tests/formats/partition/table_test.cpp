#include "formats/partition/table.h"

#include <cstring>
#include "tests/support/catch.h"

namespace {

using formats::core::SpanSource;
using formats::partition::Partition;
using formats::partition::read_partitions;

constexpr std::size_t sector = 512;

// A small disk that can be written to.
struct Disk {
  std::vector<std::byte> bytes = std::vector<std::byte>(256 * sector);
  void put(std::size_t offset, std::initializer_list<unsigned> values) {
    for (const unsigned value : values) bytes[offset++] = static_cast<std::byte>(value);
  }
  void put_u32(std::size_t offset, std::uint32_t value) { std::memcpy(&bytes[offset], &value, sizeof(value)); }
  void put_u64(std::size_t offset, std::uint64_t value) { std::memcpy(&bytes[offset], &value, sizeof(value)); }
  // Entry `index` of the table in `at`.
  void mbr_entry(std::size_t at, std::size_t index, unsigned type, std::uint32_t first, std::uint32_t sectors) {
    const std::size_t begin = at * sector + 446 + 16 * index;
    put(begin + 4, {type});
    put_u32(begin + 8, first);
    put_u32(begin + 12, sectors);
    put(at * sector + 510, {0x55, 0xAA});
  }
  void gpt_header(std::uint64_t entries_sector, std::uint32_t entries, std::uint32_t entry_bytes) {
    std::memcpy(&bytes[sector], "EFI PART", 8);
    put_u64(sector + 72, entries_sector);
    put_u32(sector + 80, entries);
    put_u32(sector + 84, entry_bytes);
  }
  void gpt_entry(std::size_t offset, unsigned type, std::uint64_t first, std::uint64_t last, std::string_view name) {
    put(offset, {type, 0x73, 0x2A, 0xC1});
    put_u64(offset + 32, first);
    put_u64(offset + 40, last);
    for (std::size_t i = 0; i < name.size(); ++i) put(offset + 56 + 2 * i, {static_cast<unsigned char>(name[i])});
  }
  [[nodiscard]] std::vector<Partition> read() const { return *read_partitions(SpanSource(bytes)); }
};

}  // namespace

TEST_CASE("a disk without a table has no partitions", "[partition]") {
  CHECK(Disk{}.read().empty());
  CHECK(read_partitions(SpanSource({}))->empty());
}

TEST_CASE("primary partitions come by offset, called by their type", "[partition]") {
  Disk disk;
  disk.mbr_entry(0, 0, 0x83, 100, 50);
  disk.mbr_entry(0, 1, 0x07, 8, 32);
  disk.mbr_entry(0, 3, 0x99, 200, 1);
  CHECK(disk.read() == std::vector<Partition>{{8 * sector, 32 * sector, "NTFS"},
                                              {100 * sector, 50 * sector, "Linux"},
                                              {200 * sector, sector, "type 0x99"}});
}

TEST_CASE("what reaches past the end is clipped, what begins there left out", "[partition]") {
  Disk disk;
  disk.mbr_entry(0, 0, 0x83, 250, 0xFFFFFFFF);
  disk.mbr_entry(0, 1, 0x83, 256, 10);
  CHECK(disk.read() == std::vector<Partition>{{250 * sector, 6 * sector, "Linux"}});
}

TEST_CASE("logical partitions follow their chain", "[partition]") {
  Disk disk;
  disk.mbr_entry(0, 0, 0x05, 64, 128);
  disk.mbr_entry(64, 0, 0x83, 2, 10);
  disk.mbr_entry(64, 1, 0x05, 32, 20);
  disk.mbr_entry(96, 0, 0x82, 2, 8);
  CHECK(disk.read() ==
        std::vector<Partition>{{66 * sector, 10 * sector, "Linux"}, {98 * sector, 8 * sector, "Linux swap"}});
  disk.mbr_entry(96, 1, 0x05, 0, 20);  // back to the first: a loop
  CHECK(disk.read().size() == 2);
  disk.mbr_entry(0, 1, 0x0F, 0xFFFFFFFF, 1);  // begins past the end
  CHECK(disk.read().size() == 2);
}

TEST_CASE("a GPT goes before its protective MBR, and its names before its types", "[partition]") {
  Disk disk;
  disk.mbr_entry(0, 0, 0xEE, 1, 255);
  disk.gpt_header(2, 128, 128);
  disk.gpt_entry(2 * sector, 0x28, 40, 79, "");
  disk.gpt_entry(2 * sector + 2 * 128, 0xAF, 80, 250, "root");
  disk.gpt_entry(2 * sector + 3 * 128, 0xAF, 90, 80, "ends before it begins");
  CHECK(disk.read() ==
        std::vector<Partition>{{40 * sector, 40 * sector, "EFI system"}, {80 * sector, 171 * sector, "root"}});
}

TEST_CASE("an absurd GPT is no table", "[partition]") {
  Disk disk;
  disk.gpt_header(2, 0xFFFFFFFF, 1);
  CHECK(disk.read().empty());
  disk.gpt_header(~std::uint64_t{0}, 4, 128);
  CHECK(disk.read().empty());
  disk.gpt_header(255, 0xFFFFFFFF, 128);  // cut by the end
  disk.gpt_entry(255 * sector, 0x28, 40, ~std::uint64_t{0}, "all");
  CHECK(disk.read() == std::vector<Partition>{{40 * sector, 216 * sector, "all"}});
}

TEST_CASE("names of a GPT become UTF-8, lone surrogates a replacement", "[partition]") {
  Disk disk;
  disk.gpt_header(2, 1, 128);
  disk.gpt_entry(2 * sector, 0x28, 40, 79, "");
  disk.put(2 * sector + 56, {0xE9, 0x00, 0x3D, 0xD8, 0xBE, 0xDC, 0x00, 0xD8});
  CHECK(disk.read().front().label == "é💾�");
}
