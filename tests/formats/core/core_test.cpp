// The kit that every parser reads with: integers as they lie on the disk, arithmetic that cannot overflow, bytes that
// cannot be read past their end, digests.
#include "tests/support/catch.h"

#include <limits>

#include "formats/core/checked.h"
#include "formats/core/endian.h"
#include "formats/core/hex.h"
#include "formats/core/sha256.h"

using namespace formats::core;

namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

TEST_CASE("a little-endian integer lies low byte first and has alignment 1", "[core]") {
  const le32 value = 0x12345678;
  static_assert(alignof(le64) == 1 && sizeof(le16) == 2);
  CHECK(hex_bytes(std::as_bytes(std::span(&value, 1))) == "78563412");
  CHECK(std::uint32_t{value} == 0x12345678);
  CHECK(std::uint64_t{*load<le64>(bytes_of("\xff\xff\xff\xff\xff\xff\xff\x7f"))} == most / 2);
}

TEST_CASE("sums and products that do not fit are no numbers", "[core]") {
  CHECK(checked_add(most - 1, 1) == most);
  CHECK_FALSE(checked_add(most, 1));
  CHECK(checked_multiply(most / 512, 512) == most / 512 * 512);
  CHECK_FALSE(checked_multiply(most, 512));
  CHECK(checked_multiply(most, 0) == 0);
  CHECK(divide_up(most, 2) == most / 2 + 1);
  CHECK(divide_up(0, 512) == 0);
}

TEST_CASE("a slice past the end is none, also where offset and length overflow together", "[core]") {
  const auto bytes = bytes_of("0123456789");
  CHECK(slice(bytes, 4, 6)->size() == 6);
  CHECK(slice(bytes, 10, 0)->empty());
  CHECK_FALSE(slice(bytes, 4, 7));
  CHECK_FALSE(slice(bytes, 11, 0));
  CHECK_FALSE(slice(bytes, 4, most - 2));
  CHECK_FALSE(load<le64>(bytes, 3));
}

TEST_CASE("a length is held against the source before anything is allocated", "[core]") {
  const SpanSource source(bytes_of("0123456789"));
  CHECK(text_of(*read_exact(source, 2, 3)) == "234");
  CHECK(read_exact(source, 2, most).error().kind == ErrorKind::truncated);
  CHECK(read_exact(source, 11, 0).error().kind == ErrorKind::truncated);
  CHECK(read_head(source, 4)->size() == 4);
  CHECK(read_head(source, 40)->size() == 10);
}

TEST_CASE("a uuid is printed in VMware's groups", "[core]") {
  std::array<std::byte, 16> uuid{};
  for (std::size_t i = 0; i < uuid.size(); ++i) uuid[i] = static_cast<std::byte>(0xF0 + i);
  CHECK(uuid_text(uuid) == "f0 f1 f2 f3 f4 f5 f6 f7-f8 f9 fa fb fc fd fe ff");
  CHECK(hex32(0x1b7) == "000001b7");
}

TEST_CASE("sha256 gives the digests of its standard, in one piece or in many", "[core]") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 digest;
  for (const char c : std::string("abc")) digest.add(std::string_view(&c, 1));
  CHECK(digest.hex() == sha256("abc"));
  CHECK(digest.hex() == sha256(""));
  const std::string long_text(1'000'000, 'a');
  CHECK(*sha256(SpanSource(bytes_of(long_text))) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
