// A CTK file against what was written: missed, marked, over-reported, not compared.
#include "tests/support/catch.h"

#include "disk/verify.h"
#include "tests/support/ctk_builder.h"
#include "tests/support/extents.h"

using namespace support;
using namespace cbtctl::disk;

namespace {

constexpr std::uint32_t block_sectors = 128;
constexpr std::uint64_t block = block_sectors * 512;

// Of a disk of so many blocks and ten sectors.
Tracking tracking(const std::vector<std::uint32_t>& entries, std::uint32_t epoch = 5) {
  const std::uint64_t sectors = (entries.size() - 1) * block_sectors + 10;
  const auto built = CtkBuilder{}.capacity(sectors).block(block_sectors).word(epoch, 36).entries(entries);
  const std::string bytes(reinterpret_cast<const char*>(built.bytes().data()), built.bytes().size());
  auto opened = open_tracking({"x-ctk.vmdk", "x-ctk.vmdk", std::make_shared<StringSource>(bytes), {}});
  REQUIRE(opened);
  return std::move(*opened);
}

std::string ranges(const RangeList& list) {
  std::string out;
  for (const auto& range : list.kept())
    out += (out.empty() ? "" : " ") + std::to_string(range.offset_bytes) + "+" + std::to_string(range.length_bytes);
  return out;
}

constexpr std::uint32_t disk_sectors = 4 * block_sectors + 10;
Disks delta_of(const Cowd& extent) {
  return Disks{}
      .file("b.vmdk", disk_text("RW 522 ZERO"))
      .file("d.vmdk", disk_text("RW 522 VMFSSPARSE \"d-delta.vmdk\"", on_top_of("b.vmdk")))
      .file("d-delta.vmdk", extent.bytes());
}

}  // namespace

TEST_CASE("every grain of a delta must lie in a block that is marked since") {
  const auto disks =
      delta_of(Cowd(disk_sectors, 1).grain(0, 'x').grain(127, 'x').grain(128, 'x').entry(300, 1).grain(521, 'x'));
  const auto all = verify_by_delta(disks.chain("d.vmdk"), tracking({4, 4, 4, 0, 4}), 3);
  REQUIRE(all);
  CHECK(all->missed.count() == 0);
  CHECK(all->compared_bytes == 5 * 512);
  CHECK(all->marked_bytes == 5 * 512);
  const auto some = verify_by_delta(disks.chain("d.vmdk"), tracking({3, 4, 0, 0, 3}), 3);
  REQUIRE(some);
  CHECK(ranges(some->missed) == "0+512 65024+512 153600+512 266752+512");
  CHECK(some->missed.bytes() == 4 * 512);
  CHECK(some->marked_bytes == 512);
}

TEST_CASE("the parent's data is no matter of the delta's") {
  const auto disks = delta_of(Cowd(disk_sectors, 1))
                         .file("b.vmdk", disk_text("RW 522 VMFS \"b-flat.vmdk\""))
                         .file("b-flat.vmdk", std::string(522 * 512, 'b'));
  CHECK(verify_by_delta(disks.chain("d.vmdk"), tracking({0, 0, 0, 0, 0}), 3)->compared_bytes == 0);
}

TEST_CASE("a delta's damaged part is not compared") {
  const auto disks = delta_of(Cowd(disk_sectors, 1).grain(0, 'x').entry(9, 0x7FFFFFFF));
  const auto verdict = verify_by_delta(disks.chain("d.vmdk"), tracking({4, 0, 0, 0, 0}), 3);
  REQUIRE(verdict);
  CHECK(ranges(verdict->not_compared) == "4608+512");
  CHECK(verdict->why_not_compared->message.find("grain 9") != std::string::npos);
  CHECK(verdict->compared_bytes == 512);
}

TEST_CASE("images prove what is missed, and count what is marked in vain") {
  std::string old_bytes(522 * 512, 'o');
  std::string new_bytes = old_bytes;
  new_bytes[10] = new_bytes[block * 2 + 5] = new_bytes[block * 3] = new_bytes[522 * 512 - 1] = 'n';
  const StringSource before(old_bytes);
  const StringSource after(new_bytes);
  const auto verdict = verify_by_images(before, after, tracking({5, 5, 3, 3, 0}), 3);
  REQUIRE(verdict);
  CHECK(ranges(verdict->missed) == "131072+136192");  // three blocks, the last one clipped, as one range
  CHECK(verdict->missed.count() == 1);
  CHECK(verdict->digests.at(0).before != verdict->digests.at(0).after);
  CHECK(verdict->digests.at(0).before.size() == 64);
  CHECK(verdict->differing_bytes == 3 * block + 5120);
  CHECK(verdict->marked_bytes == 2 * block);
  CHECK(verdict->over_reported_bytes == block);
  CHECK(verdict->compared_bytes == 522 * 512);
}

TEST_CASE("sizes that do not go together cannot be compared") {
  const StringSource image(std::string(522 * 512, 'o'));
  const StringSource other(std::string(100, 'o'));
  CHECK(verify_by_images(image, other, tracking({1, 1, 1, 1, 1}), 0).error().kind ==
        formats::core::ErrorKind::unsupported);
  CHECK(verify_by_delta(delta_of(Cowd(disk_sectors, 1)).chain("d.vmdk"), tracking({1, 1}), 0).error().kind ==
        formats::core::ErrorKind::unsupported);
}

TEST_CASE("a list of ranges joins neighbours, keeps the first and counts them all") {
  RangeList list;
  for (std::uint64_t i = 0; i < RangeList::most_kept + 5; ++i) {
    list.add(i * 10, 2);
    list.add(i * 10 + 2, 1);
  }
  CHECK(list.kept().size() == RangeList::most_kept);
  CHECK(list.kept().back().length_bytes == 3);
  CHECK(list.count() == RangeList::most_kept + 5);
  CHECK(list.bytes() == 3 * (RangeList::most_kept + 5));
}

TEST_CASE("two tables: what differs, by epoch; a restart and a step backwards are told apart") {
  const auto frozen = tracking({1, 2, 0, 0, 1}, 2);
  const auto now = tracking({1, 4, 3, 4, 1}, 4);
  const auto difference = compare_tracking(frozen, now);
  REQUIRE(difference);
  CHECK(difference->changed_blocks == 3);
  CHECK(difference->epochs.size() == 2);
  CHECK(difference->epochs.back().blocks == 2);
  CHECK_FALSE(difference->went_backwards);
  CHECK(compare_tracking(now, frozen)->went_backwards);
  CHECK(compare_tracking(now, frozen)->older_blocks == 3);
  auto restarted = tracking({1, 2, 0, 0, 1}, 2);
  restarted.reading.uuid->at(3) = std::byte{0x99};
  CHECK(compare_tracking(now, restarted)->restarted);
  CHECK_FALSE(compare_tracking(now, restarted)->went_backwards);
  CHECK_FALSE(compare_tracking(now, now)->differs());
  const auto resized = compare_tracking(now, tracking({1, 1}));
  CHECK((resized->resized && resized->differs() && !resized->is_counted && resized->changed_blocks == 0));
}

TEST_CASE("cells are the newest entry of whole blocks, the last one of what is left") {
  const auto table = tracking({1, 7, 0, 4, 2}, 7);
  CHECK(*newest_entries(table, 1) == std::vector<std::uint32_t>{1, 7, 0, 4, 2});
  CHECK(*newest_entries(table, 2) == std::vector<std::uint32_t>{7, 4, 2});
  CHECK(*newest_entries(table, 10) == std::vector<std::uint32_t>{7});
}
