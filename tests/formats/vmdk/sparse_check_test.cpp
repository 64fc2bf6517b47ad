// Headers of sparse extents that contradict themselves or their file: each number wrong by itself, on a header that is
// right in all else.
#include "tests/support/catch.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "formats/core/checked.h"
#include "formats/vmdk/sparse.h"

using namespace formats::vmdk;
namespace core = formats::core;

namespace {

constexpr std::uint64_t file_bytes = 64ULL << 20U;
constexpr std::uint64_t disk_sectors = 262144;  // 128 MiB

CowdHeader cowd() {
  CowdHeader header{};
  header.magic = 0x44574F43;
  header.version = 1;
  header.flags = 3;
  header.capacity_sectors = static_cast<std::uint32_t>(disk_sectors);
  header.grain_sectors = 1;
  header.grain_directory_sector = 4;
  header.grain_directory_entries = 64;
  return header;
}

SeSparseHeader sesparse() {
  SeSparseHeader header{};
  header.magic = 0xcafebabe;
  header.version = 0x200000001;
  header.capacity_sectors = disk_sectors;
  header.grain_sectors = 8;
  header.grain_table_sectors = 64;
  header.volatile_header_sector = 1;
  header.volatile_header_sectors = 1;
  header.grain_directory_sector = 128;
  header.grain_directory_sectors = 1;
  header.grain_tables_sector = 192;
  header.grain_tables_sectors = 512;
  header.grains_sector = 4096;
  return header;
}

HostedSparseHeader hosted() {
  HostedSparseHeader header{};
  header.magic = 0x564d444b;
  header.version = 1;
  header.flags = 3;
  header.capacity_sectors = disk_sectors;
  header.grain_sectors = 128;
  header.grain_table_entries = 512;
  header.redundant_grain_directory_sector = 21;
  header.grain_directory_sector = 26;
  header.overhead_sectors = 128;
  std::memcpy(header.line_end_probe.data(), "\n \r\n", 4);
  return header;
}

// The fields that the defects name.
std::vector<std::string> fields(const SparseExtent& extent, std::uint64_t descriptor_sectors = disk_sectors) {
  std::vector<std::string> names;
  for (const core::Defect& defect : check(extent, file_bytes, descriptor_sectors * core::sector_bytes)) {
    names.push_back(defect.field);
    CHECK(defect.message.find("expected") != std::string::npos);
  }
  return names;
}

template <typename Header>
std::vector<std::string> after(Header header, const std::function<void(Header&)>& damage) {
  damage(header);
  return fields({.header = header, .volatile_header = {}, .embedded_descriptor = {}});
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("headers in order have no defect", "[sparse]") {
  CHECK(fields({cowd(), {}, {}}).empty());
  CHECK(fields({sesparse(), {}, {}}).empty());
  CHECK(fields({hosted(), {}, {}}).empty());
}

TEST_CASE("a COWD header's wrong numbers are each named", "[sparse]") {
  const auto damaged = [](auto damage) { return after<CowdHeader>(cowd(), damage); };
  CHECK(damaged([](CowdHeader& h) { h.version = 2; }) == Names{"version"});
  CHECK(damaged([](CowdHeader& h) { h.grain_sectors = 3; }) == Names{"grain_sectors"});
  CHECK(damaged([](CowdHeader& h) { h.grain_directory_sector = 131072; }) == Names{"grain_directory"});
  CHECK(damaged([](CowdHeader& h) { h.grain_directory_entries = 63; }) == Names{"grain_directory_entries"});
  CHECK(damaged([](CowdHeader& h) { h.grain_directory_entries = 0xFFFFFFFF; }) == Names{"grain_directory"});
  CHECK(damaged([](CowdHeader& h) { h.capacity_sectors = 4096; }) == Names{"capacity_bytes"});
}

TEST_CASE("a seSparse header's wrong numbers are each named", "[sparse]") {
  const auto damaged = [](auto damage) { return after<SeSparseHeader>(sesparse(), damage); };
  CHECK(damaged([](SeSparseHeader& h) { h.version = 1; }) == Names{"version"});
  CHECK(damaged([](SeSparseHeader& h) { h.grain_sectors = 16; }) == Names{"grain_sectors"});
  CHECK(damaged([](SeSparseHeader& h) { h.grain_table_sectors = 32; }) == Names{"grain_table_sectors"});
  CHECK(damaged([](SeSparseHeader& h) { h.grain_tables_sectors = 1ULL << 62U; }) == Names{"grain_tables"});
  CHECK(damaged([](SeSparseHeader& h) { h.grains_sector = file_bytes; }) == Names{"grains"});
  CHECK(damaged([](SeSparseHeader& h) { h.grain_directory_sectors = 0; }) == Names{"grain_directory_sectors"});
}

TEST_CASE("a journal that was not replayed is told", "[sparse]") {
  SeSparseVolatileHeader now{};
  now.magic = 0xcafecafe;
  CHECK(fields({sesparse(), now, {}}).empty());
  now.replay_journal = 1;
  CHECK(fields({sesparse(), now, {}}) == Names{"volatile_header.replay_journal"});
}

TEST_CASE("a hosted header's wrong numbers are each named", "[sparse]") {
  const auto damaged = [](auto damage) { return after<HostedSparseHeader>(hosted(), damage); };
  CHECK(damaged([](HostedSparseHeader& h) { h.version = 4; }) == Names{"version"});
  CHECK(damaged([](HostedSparseHeader& h) { h.grain_sectors = 4; }) == Names{"grain_sectors"});
  CHECK(damaged([](HostedSparseHeader& h) { h.grain_table_entries = 1024; }) == Names{"grain_table_entries"});
  CHECK(damaged([](HostedSparseHeader& h) { h.unclean_shutdown = 1; }) == Names{"unclean_shutdown"});
  CHECK(damaged([](HostedSparseHeader& h) { h.compression = 7; }) == Names{"compression"});
  CHECK(damaged([](HostedSparseHeader& h) { h.grain_directory_sector = 1ULL << 60U; }) == Names{"grain_directory"});
  CHECK(damaged([](HostedSparseHeader& h) { h.redundant_grain_directory_sector = 1ULL << 40U; }) ==
        Names{"redundant_grain_directory"});
  CHECK(damaged([](HostedSparseHeader& h) { h.overhead_sectors = file_bytes; }) == Names{"overhead"});
  CHECK(damaged([](HostedSparseHeader& h) {
          h.flags = 1;
          h.redundant_grain_directory_sector = 1ULL << 40U;
        }).empty());
}

TEST_CASE("the footer of a stream is held against its header and its file", "[sparse]") {
  HostedSparseHeader header = hosted();
  header.grain_directory_sector = ~std::uint64_t{0};
  const HostedSparseHeader footer = hosted();
  const auto told = [&](const HostedSparseHeader& at_end, std::size_t cut = 0) {
    std::vector<std::byte> file(1U << 20U);
    std::memcpy(file.data() + file.size() - 1024, &at_end, sizeof at_end);
    file.resize(file.size() - cut);
    Names names;
    const auto defects = check_footer({header, {}, {}}, core::SpanSource(file));
    for (const core::Defect& defect : *defects) names.push_back(defect.field);
    return names;
  };
  CHECK(told(footer).empty());
  CHECK(told(footer, 512) == Names{"footer.magic"});
  CHECK(told(footer, (1U << 20U) - 512) == Names{"footer.magic"});
  CHECK(told(header) == Names{"footer.grain_directory"});
  HostedSparseHeader wrong = footer;
  wrong.grain_directory_sector = 1ULL << 40U;
  CHECK(told(wrong) == Names{"footer.grain_directory"});
  wrong = footer;
  wrong.capacity_sectors = 4096;
  CHECK(told(wrong) == Names{"footer.capacity_sectors"});
  header = hosted();
  CHECK(told(wrong).empty());  // it needs none
}

TEST_CASE("a transfer in text mode is recognised by the header's four probe bytes, which are shown", "[sparse]") {
  HostedSparseHeader header = hosted();
  std::memcpy(header.line_end_probe.data(), "\n \n\n", 4);
  const core::Defects defects = check({header, {}, {}}, file_bytes, {});
  REQUIRE(defects.size() == 1);
  CHECK(defects[0].field == "line_end_probe");
  CHECK(defects[0].found == "0a200a0a");
}

TEST_CASE("the capacity of the extent is held against its descriptor", "[sparse]") {
  CHECK(fields({hosted(), {}, {}}, disk_sectors + 1) == Names{"capacity_bytes"});
}
