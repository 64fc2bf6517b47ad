// Grain tables of the three formats, decoded; and what is wrong in them, one defect at a time.
#include "formats/vmdk/grain_table.h"

#include <catch2/catch.hpp>

#include "tests/support/sparse_extent.h"

using namespace formats::vmdk;
namespace core = formats::core;
using support::SparseBuilder;

namespace {

constexpr std::uint64_t sesparse_table = 0x1000000000000000;
constexpr std::uint64_t sesparse_grain = 0x3000000000000000;

struct Opened {
  explicit Opened(const SparseBuilder& extent)
      : bytes(extent.bytes),
        source(std::as_bytes(std::span(bytes))),
        layout(locate_tables(*decode_sparse(source), source)) {}
  std::string bytes;
  core::SpanSource source;
  core::Result<GrainLayout> layout;
};

std::vector<std::uint64_t> table_of(const SparseBuilder& extent, std::uint64_t at_sector, std::size_t entries) {
  const Opened opened(extent);
  GrainTables tables(opened.source, *opened.layout);
  std::vector<std::uint64_t> out(entries);
  REQUIRE(tables.read_table(at_sector, 0, out));
  return out;
}

core::Defects defects_of(const SparseBuilder& extent, std::size_t most = 32) {
  const Opened opened(extent);
  REQUIRE(opened.layout);
  GrainTables tables(opened.source, *opened.layout);
  auto defects = check_tables(tables, most);
  REQUIRE(defects);
  return *defects;
}

using Entries = std::vector<std::uint64_t>;

// One table, three grains, nothing wrong.
SparseBuilder cowd() {
  return SparseBuilder::cowd(6000, 60).put32(2048, 8).put32(4096, 40).put32(4096 + 4, 41).put32(4096 + 12, 1);
}
SparseBuilder sesparse() {
  return SparseBuilder::sesparse(5000, 500)
      .put64(4096, sesparse_table)
      .put64(8192, sesparse_grain)
      .put64(8192 + 8, sesparse_grain | 1ULL << 48U)
      .put64(8192 + 16, 2ULL << 60U)
      .put64(8192 + 24, 1ULL << 60U);
}
SparseBuilder hosted() { return SparseBuilder::hosted(1000, 512).put32(512, 2).put32(1024, 128).put32(1024 + 8, 256); }

}  // namespace

TEST_CASE("an entry is a sector, zeros, or nothing, in each of the formats") {
  CHECK(table_of(cowd(), 8, 4) == Entries{40, 41, grain_absent, grain_zero});
  CHECK(table_of(sesparse(), 16, 5) == Entries{400, 408, grain_zero, grain_zero, grain_absent});
  CHECK(table_of(hosted(), 2, 3) == Entries{128, grain_absent, 256});
}

TEST_CASE("an entry past the end of the file or of no known kind is damaged, its neighbours are not") {
  CHECK(table_of(cowd().put32(4096 + 8, 60), 8, 3) == Entries{40, 41, grain_damaged});
  CHECK(table_of(cowd().put32(4096 + 8, 59), 8, 3) == Entries{40, 41, 59});
  CHECK(table_of(sesparse().put64(8192, 0x4000000000000000), 16, 2) == Entries{grain_damaged, 408});
  CHECK(table_of(sesparse().put64(8192, sesparse_grain | 0x0FFFFFFFFFFFFFFF), 16, 2) == Entries{grain_damaged, 408});
  CHECK(table_of(sesparse().put64(8192, 7), 16, 1) == Entries{grain_damaged});
}

TEST_CASE("what the file ends before is damaged") {
  const Entries end = table_of(cowd(), 59, 129);
  CHECK(end[127] == grain_absent);
  CHECK(end[128] == grain_damaged);
}

TEST_CASE("hosted sparse reads 1 as zeros only where its flags say so") {
  SparseBuilder extent = hosted().put32(1024, 1);
  CHECK(table_of(extent, 2, 1) == Entries{1});
  extent.bytes[8] = 7;
  CHECK(table_of(extent, 2, 1) == Entries{grain_zero});
}

TEST_CASE("numbers that leave no way to read on are refused") {
  const auto refused = [](SparseBuilder extent) { return !Opened(extent).layout; };
  CHECK(refused(cowd().put32(16, 0)));
  CHECK(refused(cowd().put32(16, 0x200001)));
  CHECK(refused(sesparse().put64(32, 128)));
  CHECK(refused(sesparse().put64(128, ~0ULL)));
  CHECK(refused(sesparse().put64(16, ~0ULL)));
  CHECK(refused(hosted().put32(44, 0)));
  CHECK(refused(hosted().put64(56, ~0ULL)));  // a footer that is not there
  CHECK(Opened(sesparse().put64(512 + 24, 1)).layout.error().kind == core::ErrorKind::unsupported);
}

TEST_CASE("tables in order have no defect") {
  CHECK(defects_of(cowd()).empty());
  CHECK(defects_of(sesparse()).empty());
  CHECK(defects_of(hosted()).empty());
}

TEST_CASE("a table past the end of the file is a defect of its directory entry") {
  const auto defects = defects_of(cowd().put32(2048 + 4, 60));
  REQUIRE(defects.size() == 1);
  CHECK(defects[0].field == "grain_directory");
  CHECK(defects[0].offset_bytes == 2052);
  CHECK(defects[0].found == "sector 60");
  CHECK(defects[0].message.find("a grain table at sector 60 lies past the end of the file") == 0);
  CHECK(defects_of(sesparse().put64(4096, sesparse_table | 99)).at(0).offset_bytes == 4096);
  CHECK(defects_of(sesparse().put64(4096, 5)).at(0).expected == "an entry of a known kind");
}

TEST_CASE("a table that the file ends in is one defect") {
  const auto defects = defects_of(cowd().put32(2048 + 4, 59));
  REQUIRE(defects.size() == 1);
  CHECK(defects[0].offset_bytes == 60 * 512);
  CHECK(defects[0].message.find("a table ends with the file at byte 30720") == 0);
}

TEST_CASE("a grain past the end of the file is a defect, and one that ends there") {
  const auto past = defects_of(cowd().put32(4096 + 8, 1000));
  REQUIRE(past.size() == 1);
  CHECK(past[0].field == "grain_table");
  CHECK(past[0].offset_bytes == 4096 + 8);
  CHECK(past[0].found == "sector 1000");
  const auto cut = defects_of(hosted().put32(1024 + 4, 500));
  REQUIRE(cut.size() == 1);
  CHECK(cut[0].found == "an end at byte " + std::to_string((500 + 128) * 512));
}

TEST_CASE("the disk's last grain need not be in the file further than the capacity") {
  const SparseBuilder whole = SparseBuilder::hosted(1, 200).put32(512, 2).put32(1024, 128);
  CHECK(defects_of(whole).size() == 1);
  CHECK(defects_of(SparseBuilder(whole).put64(12, 72)).empty());
}

TEST_CASE("two grains at the same place are told with both numbers, each wherever the place is") {
  const auto defects = defects_of(cowd().put32(4096 + 400, 41));
  REQUIRE(defects.size() == 1);
  CHECK(defects[0].offset_bytes == 4096 + 400);
  CHECK(defects[0].expected == "grain 100 at a place of its own");
  CHECK(defects[0].found == "sector 41, where grain 1 lies");
  CHECK(defects_of(sesparse().put64(8192 + 80, sesparse_grain)).size() == 1);
  CHECK(defects_of(hosted().put32(1024 + 80, 128)).size() == 1);
}

TEST_CASE("grains that overlap in part are at the same place, grains side by side are not") {
  CHECK(defects_of(hosted().put32(1024 + 4, 192)).size() == 1);
  CHECK(defects_of(hosted().put32(1024, 150).put32(1024 + 8, 278)).empty());
}

TEST_CASE("an entry behind the capacity is a defect of its table, a table there one of the directory") {
  const auto entry = defects_of(cowd().put32(2048 + 4, 8 + 10).put32((8 + 10) * 512 + (6000 - 4096) * 4, 50));
  REQUIRE(entry.size() == 1);
  CHECK(entry[0].field == "grain_table");
  CHECK(entry[0].found == "an entry for grain 6000");
  const auto table = defects_of(sesparse().put64(4096 + 16, sesparse_table | 1));
  REQUIRE(table.size() == 1);
  CHECK(table[0].field == "grain_directory");
  CHECK(table[0].expected == "no entry behind the capacity of 5000 grains");
}

TEST_CASE("one table for every directory entry is a defect, and not gone through time after time") {
  SparseBuilder extent = SparseBuilder::cowd(4096 * 100, 60);
  for (std::uint64_t i = 0; i < 100; ++i) extent.put32(2048 + 4 * i, 8);
  const auto defects = defects_of(extent);
  REQUIRE(defects.size() == 1);
  CHECK(defects[0].field == "grain_directory");
  CHECK(defects[0].offset_bytes == 2048 + 2 * 4);
}

TEST_CASE("no more defects are listed than asked for, and the rest is counted") {
  SparseBuilder extent = cowd();
  for (std::uint64_t i = 10; i < 20; ++i) extent.put32(4096 + 4 * i, 5000);
  const auto defects = defects_of(extent, 4);
  REQUIRE(defects.size() == 5);
  CHECK(defects[4].found == "6 more");
}

TEST_CASE("two grains at the same place are found in files with more places than memory has bits for") {
  constexpr std::uint32_t far = 0x30000000;  // 384 GiB: the fourth window
  SparseBuilder extent = cowd().put32(4096 + 400, far).put32(4096 + 404, far + 1).put32(4096 + 800, far + 1);
  const support::HoleSource source(extent.bytes, 1ULL << 40U);
  GrainTables tables(source, *locate_tables(*decode_sparse(source), source));
  const auto defects = check_tables(tables);
  REQUIRE(defects);
  REQUIRE(defects->size() == 1);
  CHECK(defects->at(0).offset_bytes == 4096 + 800);
  CHECK(defects->at(0).found == "sector " + std::to_string(far + 1) + ", where grain 101 lies");
}

TEST_CASE("directories and tables that lie in a hole of the file are not read") {
  const SparseBuilder extent = SparseBuilder::sesparse(1ULL << 34U, 16)  // 64 TiB
                                   .put64(512 + 16, 0)
                                   .put64(128, 16)
                                   .put64(136, 65536)
                                   .put64(144, 65552)
                                   .put64(192, 1ULL << 30U);
  const support::HoleSource source(extent.bytes, 1ULL << 46U);
  GrainTables tables(source, *locate_tables(*decode_sparse(source), source));
  source.read_bytes = 0;
  CHECK(*tables.directory_hole(5) == 65536 * 64 - 5);
  CHECK(check_tables(tables)->empty());
  std::vector<std::uint64_t> entries(4096);
  REQUIRE(tables.read_table(65552, 0, entries));
  CHECK(entries == std::vector<std::uint64_t>(4096, grain_absent));
  CHECK(source.read_bytes == 0);
}
