#include "tests/support/catch.h"

#include "formats/ctk/tracking_file.h"
#include "tests/support/ctk_builder.h"

using formats::ctk::Layout;
using formats::ctk::Reading;
using support::CtkBuilder;

namespace {

constexpr std::uint64_t sectors_40g = 83886080;
constexpr std::uint64_t bytes_40g = 2621952;  // the one exact listing: 512 + 4 * 655360

Reading read(const CtkBuilder& builder, std::uint64_t file_bytes, std::optional<std::uint64_t> disk = {}) {
  const auto header = formats::ctk::decode(builder.bytes());
  REQUIRE(header);
  return formats::ctk::read(*header, file_bytes, disk, true);
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

TEST_CASE("a disk grown from 40 to 80 GiB keeps a table that covers 40") {
  const Reading reading = read(usual(), bytes_40g, 2 * sectors_40g);
  CHECK(formats::ctk::size_explains(bytes_40g, 2 * sectors_40g));
  CHECK(reading.layout == Layout::confirmed);
  CHECK(reading.capacity_sectors == sectors_40g);
}

TEST_CASE("a header without a pair is inferred from the disk, and unrecognised without one") {
  const CtkBuilder builder = CtkBuilder{}.word(77, 36);
  CHECK(read(builder, bytes_40g, sectors_40g).layout == Layout::inferred);
  CHECK(read(builder, bytes_40g, sectors_40g).block_sectors == 128U);
  CHECK(read(builder, bytes_40g).layout == Layout::unrecognised);
  CHECK(read(builder, 1000, sectors_40g).layout == Layout::unrecognised);
}

TEST_CASE("two pairs that differ prove nothing") {
  const CtkBuilder builder =
      CtkBuilder{}.capacity(sectors_40g, 16).capacity(2 * sectors_40g, 24).block(128, 32).block(256, 36);
  CHECK(read(builder, bytes_40g, sectors_40g).layout == Layout::inferred);
  CHECK(read(builder, bytes_40g).layout == Layout::unrecognised);
}

TEST_CASE("the epoch stays unknown where several words or none can be it") {
  CHECK_FALSE(read(usual().word(1, 40), bytes_40g).epoch);
  CHECK_FALSE(read(usual().word(0, 36), bytes_40g).epoch);
  CHECK_FALSE(read(usual().word(128, 36), bytes_40g).epoch);
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
