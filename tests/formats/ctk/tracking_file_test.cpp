#include "tests/support/catch.h"

#include "formats/ctk/tracking_file.h"
#include "tests/support/ctk_builder.h"

using formats::ctk::Fit;
using formats::ctk::Layout;
using formats::ctk::Reading;
using support::CtkBuilder;

namespace {

constexpr std::uint64_t sectors_40g = 83886080;
constexpr std::uint64_t bytes_40g = 2621952;  // the one exact listing: 512 + 4 * 655360

Reading read(const CtkBuilder& builder, std::uint64_t file_bytes, std::optional<std::uint64_t> disk = {},
             std::optional<std::uint32_t> newest_entry = {}) {
  const auto header = formats::ctk::decode(builder.bytes());
  REQUIRE(header);
  return formats::ctk::read(*header, file_bytes,
                            {.disk_sectors = disk, .newest_entry = newest_entry, .with_fields = true});
}

CtkBuilder usual() { return CtkBuilder{}.capacity(sectors_40g).word(655360, 24).block(128).word(4, 36); }

}  // namespace

TEST_CASE("one pair that explains the size confirms the layout") {
  const Reading reading = read(usual(), bytes_40g);
  CHECK(reading.layout == Layout::confirmed);
  CHECK(reading.capacity_sectors == sectors_40g);
  CHECK(reading.block_sectors == 128U);
  CHECK(reading.blocks == 655360U);
  CHECK(reading.epoch == 4U);
  CHECK(reading.change_id() == "52 53 54 55 56 57 58 59-5a 5b 5c 5d 5e 5f 60 61/4");
}

TEST_CASE("fields are found by value wherever they stand") {
  const std::size_t block_at = GENERATE(as<std::size_t>{}, 24, 28, 32, 36, 40);
  const std::size_t epoch_at = block_at == 36 ? 40 : 36;
  const Reading reading = read(CtkBuilder{}.capacity(sectors_40g).block(128, block_at).word(9, epoch_at), bytes_40g);
  CHECK(reading.layout == Layout::confirmed);
  CHECK(reading.epoch == 9U);
  const Reading moved = read(CtkBuilder{}.capacity(sectors_40g, 24).block(128, 16).word(9, 20), bytes_40g);
  CHECK(moved.layout == Layout::confirmed);
  CHECK(moved.epoch == 9U);
}

TEST_CASE("a size rounded up to 512, 4096 or 65536 is explained too") {
  CHECK(formats::ctk::explains(512 + 4 * 1000, 128000, 128));
  CHECK(formats::ctk::explains(4608, 128000, 128));
  CHECK(formats::ctk::explains(8192, 128000, 128));
  CHECK(formats::ctk::explains(65536, 128000, 128));
  CHECK_FALSE(formats::ctk::explains(5120, 128000, 128));
  CHECK(formats::ctk::explains(512 + 4, 1, 128));
}

TEST_CASE("a disk grown from 40 to 80 GiB keeps a table that covers 40, whatever the header says") {
  CHECK(formats::ctk::size_explains(bytes_40g, 2 * sectors_40g));
  const Reading reading = read(usual(), bytes_40g, 2 * sectors_40g);
  CHECK(reading.fit == Fit::covers_less);
  CHECK(reading.capacity_sectors == sectors_40g);
  const Reading raised = read(usual().capacity(2 * sectors_40g), bytes_40g, 2 * sectors_40g);
  CHECK(raised.fit == Fit::covers_less);
  CHECK(formats::ctk::covered_sectors(raised, bytes_40g) == sectors_40g);
}

TEST_CASE("a table is understood by the number of blocks in its header, cut or padded") {
  CHECK(read(usual(), 4096, sectors_40g).fit == Fit::cut);
  CHECK(read(usual(), bytes_40g + 4096 * 8, sectors_40g).fit == Fit::padded);
  CHECK(read(usual(), bytes_40g, sectors_40g).fit == Fit::fits);
  CHECK(read(usual(), 4096).fit == Fit::not_understood);  // no disk says so
}

TEST_CASE("tiny disks are read, where block size and number of blocks could be each other") {
  CHECK(read(CtkBuilder{}.capacity(16384).word(128, 24).block(128).word(3, 36), 1024, 16384).epoch == 3U);
  const Reading reading = read(CtkBuilder{}.capacity(2048).word(16, 24).block(128).word(3, 36), 576, 2048);
  CHECK(reading.fit == Fit::fits);
  CHECK(reading.blocks == 16U);
}

TEST_CASE("a header without a pair is not understood, whatever the disk") {
  const CtkBuilder builder = CtkBuilder{}.word(77, 36);
  CHECK(read(builder, bytes_40g, sectors_40g).layout == Layout::unrecognised);
  CHECK_FALSE(read(builder, bytes_40g, sectors_40g).is_understood());
  CHECK_FALSE(read(builder, bytes_40g, sectors_40g).block_sectors);
}

TEST_CASE("of two pairs that differ the disk's capacity decides") {
  const CtkBuilder builder =
      CtkBuilder{}.capacity(sectors_40g, 16).capacity(2 * sectors_40g, 24).block(128, 32).block(256, 36);
  CHECK(read(builder, bytes_40g, sectors_40g).block_sectors == 128U);
  CHECK(read(builder, bytes_40g, 2 * sectors_40g).block_sectors == 256U);
  CHECK(read(builder, bytes_40g).layout == Layout::unrecognised);
}

TEST_CASE("a version other than 1 is read by the same layout, in one wording") {
  const Reading reading = read(usual().word(2, 4), bytes_40g, sectors_40g);
  CHECK(reading.layout == Layout::inferred);
  CHECK(reading.epoch == 4U);
  CHECK(formats::ctk::version_note(reading) == "version 2, read by the layout of version 1");
  CHECK_FALSE(formats::ctk::version_note(read(usual(), bytes_40g)));
}

TEST_CASE("an epoch that equals the block size or the number of blocks is found") {
  CHECK(read(usual().word(128, 36), bytes_40g).epoch == 128U);
  CHECK(read(usual().word(655360, 36), bytes_40g).epoch == 655360U);
}

TEST_CASE("the epoch stays unknown where several words or none can be it, and the newest entry is told instead") {
  CHECK_FALSE(read(usual().word(1, 40), bytes_40g).epoch);
  CHECK_FALSE(read(usual().word(0, 36), bytes_40g).epoch);
  const Reading none = read(usual().word(0, 36), bytes_40g, {}, 7);
  CHECK(none.epoch_at_least == 7U);
  CHECK_FALSE(none.is_behind_table);
  CHECK_FALSE(none.change_id());
}

TEST_CASE("words below the table's newest entry are not the epoch") {
  CHECK(read(usual().word(1, 40), bytes_40g, {}, 3).epoch == 4U);
  const Reading behind = read(usual(), bytes_40g, {}, 5);
  CHECK_FALSE(behind.epoch);
  CHECK(behind.epoch_at_least == 5U);
  CHECK(behind.is_behind_table);
  CHECK_FALSE(read(usual(), bytes_40g, {}, 4).is_behind_table);
}

TEST_CASE("block sizes from 16 KiB to 64 MiB are taken and no others") {
  const std::uint32_t block = GENERATE(32U, 64U, 16384U, 131072U);
  const std::uint64_t capacity = 1000ULL * block;
  CHECK(read(CtkBuilder{}.capacity(capacity).block(block), 4512).layout == Layout::confirmed);
  CHECK(read(CtkBuilder{}.capacity(16000).block(16), 4512).layout == Layout::unrecognised);
}

TEST_CASE("the fields cover all 512 bytes in order") {
  const Reading reading = read(usual(), bytes_40g);
  std::uint32_t at = 0;
  for (const auto& field : reading.fields) {
    CHECK(field.offset_bytes == at);
    at += field.size_bytes;
  }
  CHECK(at == 512);
}

TEST_CASE("bytes without the signature or shorter than the header are refused") {
  const std::string text(512, 'x');
  CHECK(formats::ctk::decode(std::as_bytes(std::span(text))).error().kind == formats::core::ErrorKind::malformed);
  CHECK(formats::ctk::decode(CtkBuilder{}.bytes().first(100)).error().kind == formats::core::ErrorKind::truncated);
}
