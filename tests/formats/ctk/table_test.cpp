#include <algorithm>
#include <random>
#include "tests/support/catch.h"

#include "formats/ctk/bitmap.h"
#include "tests/support/ctk_builder.h"

using formats::ctk::ChangedExtent;
using formats::ctk::TableShape;

namespace {

constexpr std::uint64_t block_bytes = 65536;

std::vector<ChangedExtent> changed(const std::vector<std::uint32_t>& table, std::uint32_t since, bool merge = false,
                                   std::uint64_t clip = 0) {
  const auto builder = support::CtkBuilder{}.entries(table);
  const TableShape shape{512, table.size(), block_bytes, table.size() * block_bytes - clip};
  std::vector<ChangedExtent> found;
  const auto status =
      formats::ctk::visit_changed(formats::core::SpanSource(builder.bytes()), shape, {since, merge},
                                  [&](auto extents) { found.insert(found.end(), extents.begin(), extents.end()); });
  REQUIRE(status);
  return found;
}

std::vector<std::byte> bitmap_of(const formats::core::ByteSource& file, std::uint64_t blocks, std::uint32_t since) {
  std::vector<std::byte> bitmap;
  REQUIRE(formats::ctk::visit_bitmap(file, {512, blocks, block_bytes, blocks * block_bytes}, since, [&](auto bytes) {
    bitmap.insert(bitmap.end(), bytes.begin(), bytes.end());
    return formats::core::success();
  }));
  return bitmap;
}

// A table that is all hole but for its last entry, 7.
class Hollow final : public formats::core::ByteSource {
 public:
  explicit Hollow(std::uint64_t blocks) : size_bytes_(512 + 4 * blocks) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return size_bytes_; }
  [[nodiscard]] formats::core::Result<std::size_t> read_at(std::uint64_t offset_bytes,
                                                           std::span<std::byte> out) const override {
    std::fill(out.begin(), out.end(), std::byte{0});
    if (offset_bytes + out.size() == size_bytes_) out[out.size() - 4] = std::byte{7};
    return out.size();
  }
  [[nodiscard]] formats::core::Result<formats::core::ByteRange> next_data(std::uint64_t offset_bytes) const override {
    const std::uint64_t begin = std::max(offset_bytes, size_bytes_ - 4);
    return formats::core::ByteRange{begin, size_bytes_ - begin};
  }

 private:
  std::uint64_t size_bytes_;
};

// The same by one comparison a block.
std::vector<ChangedExtent> changed_slowly(const std::vector<std::uint32_t>& table, std::uint32_t since, bool merge) {
  std::vector<ChangedExtent> found;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i] <= since) continue;
    const bool follows = !found.empty() && found.back().offset_bytes + found.back().length_bytes == i * block_bytes;
    if (follows && (merge || found.back().epoch == table[i])) {
      found.back().length_bytes += block_bytes;
      found.back().epoch = std::max(found.back().epoch, table[i]);
    } else {
      found.push_back({i * block_bytes, block_bytes, table[i]});
    }
  }
  return found;
}

// The next random number below `limit`.
std::uint32_t below(std::mt19937& random, std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); }

bool same(const std::vector<ChangedExtent>& a, const std::vector<ChangedExtent>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ChangedExtent& x, const ChangedExtent& y) {
    return x.offset_bytes == y.offset_bytes && x.length_bytes == y.length_bytes && x.epoch == y.epoch;
  });
}

}  // namespace

TEST_CASE("neighbouring blocks of one epoch are one extent, of two epochs two") {
  const auto found = changed({0, 3, 3, 4, 0, 9}, 0);
  REQUIRE(found.size() == 3);
  CHECK(found[0].offset_bytes == block_bytes);
  CHECK(found[0].length_bytes == 2 * block_bytes);
  CHECK(found[1].epoch == 4);
}

TEST_CASE("since N means entries greater than N") {
  CHECK(changed({3, 4, 5}, 4).size() == 1);
  CHECK(changed({3, 4, 5}, 5).empty());
  CHECK(changed({0xFFFFFFFF}, 0xFFFFFFFE).size() == 1);
}

TEST_CASE("the last extent is clipped to the capacity") {
  CHECK(changed({0, 7}, 0, false, 1000)[0].length_bytes == block_bytes - 1000);
}

TEST_CASE("random tables of every length give what one comparison a block gives") {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint32_t> table(below(random, 700));
    const std::uint32_t values = 1 + below(random, 4);
    for (std::uint32_t& entry : table) entry = below(random, values);
    const bool merge = round % 2 == 0;
    const std::uint32_t since = below(random, values);
    CHECK(same(changed(table, since, merge), changed_slowly(table, since, merge)));
  }
}

TEST_CASE("a bitmap has the bit of every block whose entry is greater, first block lowest") {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint32_t> table(1 + below(random, 700));
    for (std::uint32_t& entry : table) entry = below(random, 5);
    const auto builder = support::CtkBuilder{}.entries(table);
    const auto bitmap = bitmap_of(formats::core::SpanSource(builder.bytes()), table.size(), 2);
    REQUIRE(bitmap.size() == (table.size() + 7) / 8);
    for (std::size_t i = 0; i < bitmap.size() * 8; ++i) {
      const bool set = (bitmap[i / 8] >> (i % 8) & std::byte{1}) != std::byte{0};
      REQUIRE(set == (i < table.size() && table[i] > 2));
    }
  }
}

TEST_CASE("a bitmap goes on across its pieces, and over a hole that is longer than one") {
  const std::uint64_t blocks = GENERATE(as<std::uint64_t>{}, 1, 8, 524288, 524289, 2000003);
  const auto bitmap = bitmap_of(Hollow(blocks), blocks, 6);
  REQUIRE(bitmap.size() == (blocks + 7) / 8);
  CHECK(bitmap.back() == std::byte{1} << ((blocks - 1) % 8));
  CHECK(std::count(bitmap.begin(), bitmap.end(), std::byte{0}) == static_cast<std::ptrdiff_t>(bitmap.size()) - 1);
  std::vector<std::uint32_t> table(700'001);
  for (std::size_t i = 0; i < table.size(); i += 3) table[i] = 9;
  const auto dense =
      bitmap_of(formats::core::SpanSource(support::CtkBuilder{}.entries(table).bytes()), table.size(), 8);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < table.size(); ++i)
    wrong += ((dense[i / 8] >> (i % 8) & std::byte{1}) != std::byte{0}) != (i % 3 == 0) ? 1U : 0U;
  CHECK(wrong == 0);
}

TEST_CASE("runs go on across the pieces that a table is read in") {
  std::vector<std::uint32_t> table(200'000, 5);
  table[100'000] = 6;
  CHECK(same(changed(table, 0), changed_slowly(table, 0, false)));
  CHECK(changed(table, 0, true).size() == 1);
}

TEST_CASE("totals count every block once and clip the last") {
  std::vector<std::uint32_t> table(100'001, 2);
  std::mt19937 random(2);
  for (std::size_t i = 0; i < 50'000; ++i) table[i] = below(random, 300);
  table[7] = 4'000'000'000;
  const auto builder = support::CtkBuilder{}.entries(table);
  const auto totals = formats::ctk::total(formats::core::SpanSource(builder.bytes()),
                                          {512, table.size(), block_bytes, table.size() * block_bytes - 512});
  REQUIRE(totals);
  CHECK(totals->written_blocks + totals->never_written_blocks == table.size());
  CHECK(totals->never_written_blocks == static_cast<std::uint64_t>(std::count(table.begin(), table.end(), 0U)));
  CHECK(totals->greatest_entry == 4'000'000'000);
  for (const auto& epoch : totals->epochs) {
    const auto count = static_cast<std::uint64_t>(std::count(table.begin(), table.end(), epoch.epoch));
    CHECK(epoch.blocks == count);
    CHECK(epoch.bytes == count * block_bytes - (epoch.epoch == 2 ? 512 : 0));
  }
}

TEST_CASE("a table cut by the end of the file is told, not read as zeros") {
  const auto builder = support::CtkBuilder{}.entries({1, 2, 3});
  const auto totals =
      formats::ctk::total(formats::core::SpanSource(builder.bytes()), {512, 100, block_bytes, 100 * block_bytes});
  REQUIRE_FALSE(totals);
  CHECK(totals.error().kind == formats::core::ErrorKind::truncated);
}
