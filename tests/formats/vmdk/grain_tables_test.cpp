// Directories and tables: what an entry means, which numbers admit no reading, and each thing that can be wrong in
// them.
#include "tests/support/catch.h"

#include <cstring>

#include "formats/vmdk/grain_tables.h"
#include "tests/support/extents.h"

using namespace formats::vmdk;
using namespace support;
namespace core = formats::core;

namespace {

constexpr std::uint32_t sectors = 4096 + 64;

core::Result<GrainLayout> layout_in(const core::ByteSource& file) {
  const auto header = decode_sparse(file);
  if (!header) return header.error();
  return layout_of(*header, file);
}

std::vector<std::uint64_t> first_places(const std::string& bytes, std::size_t count) {
  const StringSource file(bytes);
  const auto layout = *layout_in(file);
  std::vector<std::uint64_t> begin(1);
  REQUIRE(read_directory(file, layout, 0, begin));
  std::vector<std::uint64_t> places(static_cast<std::size_t>(layout.table_entries));
  REQUIRE(read_table(file, layout, begin[0], places));
  places.resize(count);
  return places;
}

// "field@offset", one per defect.
std::string defects_of(const std::string& bytes) {
  const StringSource file(bytes);
  const auto layout = layout_in(file);
  REQUIRE(layout);
  const auto defects = check_tables(file, *layout);
  REQUIRE(defects);
  std::string out;
  for (const auto& defect : *defects)
    out += (out.empty() ? "" : " ") + defect.field + "@" + std::to_string(defect.offset_bytes);
  return out;
}

std::string refusal_of(const std::string& bytes) {
  const StringSource file(bytes);
  const auto layout = layout_in(file);
  return layout ? "none" : layout.error().message;
}

std::string with_word(std::string bytes, std::size_t offset, std::uint32_t value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  return bytes;
}

// A stream of two packed grains; what is packed does not matter to its tables.
std::string stream(std::uint64_t second_marker = 128) {
  HostedSparseHeader header{};
  header.magic = 0x564D444B;
  header.version = 3;
  header.flags = 0x30001;
  header.capacity_sectors = 256;
  header.grain_sectors = 128;
  header.grain_table_entries = 512;
  header.grain_directory_sector = 8;
  header.line_end_probe = {std::byte{'\n'}, std::byte{' '}, std::byte{'\r'}, std::byte{'\n'}};
  header.compression = 1;
  FileBytes file;
  file.put(0, std::string(reinterpret_cast<const char*>(&header), sizeof header));
  file.put(2 * 512, words64({0}) + words32({20}));
  file.put(3 * 512, words64({second_marker}) + words32({20}));
  file.put(4 * 512, words32({2, 3}) + std::string(2040, '\0'));
  return file.put(8 * 512, words32({4}) + std::string(508, '\0')).bytes();
}

}  // namespace

TEST_CASE("a COWD entry is absent, zero, a sector, or damaged") {
  const auto bytes = Cowd(sectors).grain(0, 'x').entry(1, 1).entry(2, 0x7FFFFFFF).bytes();
  CHECK(first_places(bytes, 4) == std::vector<std::uint64_t>{72, place_zero, place_damaged, place_absent});
}

TEST_CASE("an seSparse entry has four states, and any other is damaged") {
  const auto bytes = SeSparse(sectors)
                         .grain(0, 'x')
                         .entry(1, 0x1000000000000000)
                         .entry(2, 0x2000000000000000)
                         .entry(4, 0x4000000000000000)
                         .entry(5, 0x3FFF000000000000)
                         .bytes();
  CHECK(first_places(bytes, 6) == std::vector<std::uint64_t>{SeSparse::grains_sector, place_zero, place_zero,
                                                             place_absent, place_damaged, place_damaged});
}

TEST_CASE("grains are one run as long as they are of one kind and follow each other in the file") {
  GrainLayout layout{.grain_sectors = 8};
  const auto length = [&](std::vector<std::uint64_t> places) { return run_length(places, layout); };
  CHECK(length({0, 0, 0, 8}) == 3);
  CHECK(length({place_zero, place_zero, 0}) == 2);
  CHECK(length({place_damaged}) == 1);
  CHECK(length({80, 88, 96, 80}) == 3);
  CHECK(length({80, 81}) == 1);
  layout.is_compressed = true;
  CHECK(length({80, 88}) == 1);
  CHECK(length({0, 0}) == 2);
}

TEST_CASE("a table that the file's end cuts off is damaged from there on") {
  const StringSource file(Cowd(sectors).entry(0, 1).bytes().substr(0, Cowd::first_table_sector * 512 + 8));
  const auto layout = *layout_in(file);
  std::vector<std::uint64_t> places(4096);
  REQUIRE(read_table(file, layout, Cowd::first_table_sector * 512, places));
  CHECK(places[0] == place_zero);
  CHECK(places[1] == place_absent);
  CHECK(places[2] == place_damaged);
  CHECK(places[4095] == place_damaged);
}

TEST_CASE("numbers that admit no reading are refused, each with its number") {
  const auto cowd = Cowd(sectors).bytes();
  CHECK(refusal_of(cowd) == "none");
  CHECK(refusal_of(with_word(cowd, 16, 0)).starts_with("grains of 0 sectors"));
  CHECK(refusal_of(with_word(cowd, 16, 3)).starts_with("grains of 3 sectors"));
  CHECK(refusal_of(with_word(cowd, 20, 0x7FFFFFFF)).starts_with("the grain directory at sector 2147483647 lies past"));
  CHECK(refusal_of(with_word(cowd, 20, 0)).starts_with("the grain directory at sector 0"));
  const auto sesparse = SeSparse(sectors).bytes();
  CHECK(refusal_of(sesparse) == "none");
  CHECK(refusal_of(with_word(sesparse, 32, 32)).starts_with("grain tables of 32 sectors: expected 64"));
  CHECK(refusal_of(with_word(sesparse, 20, 0x80000000)).find("more than any disk has") != std::string::npos);
  CHECK(refusal_of(SeSparse(sectors, 7).bytes()).starts_with("stopped uncleanly"));
  CHECK(refusal_of(stream()) == "none");
  CHECK(refusal_of(with_word(stream(), 44, 0)).starts_with("grain tables of 0 entries"));
  CHECK(refusal_of(with_word(stream(), 73, 0x0A0A0D0A)).starts_with("a transfer in text mode"));
  CHECK(refusal_of(with_word(with_word(stream(), 56, 0xFFFFFFFF), 60, 0xFFFFFFFF))
            .starts_with("the stream has no footer"));
}

TEST_CASE("tables in order have no defects") {
  CHECK(defects_of(Cowd(sectors).grain(0, 'x').grain(5, 'y').entry(6, 1).grain(4100, 'z').bytes()).empty());
  CHECK(defects_of(SeSparse(sectors).grain(0, 'x').entry(1, 0x1000000000000000).grain(9, 'y').bytes()).empty());
  CHECK(defects_of(stream()).empty());
}

TEST_CASE("each defect of the tables is told with the byte at which it stands") {
  const auto entry = [](std::uint32_t grain) { return "grain_table_entry@" + std::to_string(Cowd::entry_at(grain)); };
  CHECK(defects_of(Cowd(sectors).table(1, 0x7FFFFFFF).bytes()) == "grain_directory_entry@2052");
  CHECK(defects_of(Cowd(sectors).table(1, Cowd::first_table_sector).bytes()) == "grain_directory_entry@2052");
  CHECK(defects_of(Cowd(sectors).grain(0, 'x').entry(7, 0x7FFFFFFF).bytes()) == entry(7));
  CHECK(defects_of(Cowd(sectors).grain(3, 'x').entry(7, 72).bytes()) == entry(7));
  CHECK(defects_of(Cowd(sectors).entry(7, 2).bytes()) == entry(7));
  CHECK(defects_of(Cowd(sectors * 2).bytes()) == "grain_directory@2048");
  CHECK(defects_of(with_word(Cowd(sectors).bytes(), 24, 1)) == "grain_directory@2048");
  CHECK(defects_of(Cowd(sectors).bytes().substr(0, Cowd::first_table_sector * 512 + 33 * 512 + 8)) ==
        "grain_table@" + std::to_string((Cowd::first_table_sector + 32) * 512));
  CHECK(defects_of(SeSparse(sectors).entry(3, 0x9000000000000000).bytes()) ==
        "grain_table_entry@" + std::to_string(SeSparse::entry_at(3)));
  CHECK(defects_of(SeSparse(sectors).directory(1).bytes()) == "grain_directory_entry@4096");
  CHECK(defects_of(stream(256)) == "grain_marker@1536");
}

TEST_CASE("of many defects the first are listed and the rest are counted") {
  Cowd extent(sectors);
  for (std::uint32_t grain = 0; grain < 100; ++grain) extent.entry(grain, 0x7FFFFFFF);
  const StringSource file(extent.bytes());
  const auto defects = *check_tables(file, *layout_in(file));
  REQUIRE(defects.size() == most_defects + 1);
  CHECK(defects.back().field == "tables");
  CHECK(defects.back().found == std::to_string(100 - most_defects));
}

TEST_CASE("tables that cannot be read are an error, not a defect") {
  StringSource file(Cowd(sectors).bytes());
  const auto layout = *layout_in(file);
  file.fault = {Cowd::first_table_sector * 512, 1};
  const auto defects = check_tables(file, layout);
  REQUIRE(!defects);
  CHECK(defects.error().kind == core::ErrorKind::unavailable);
}
