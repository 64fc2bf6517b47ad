// Whatever a table holds, several threads tell of it what one does.
#include "disk/table.h"

#include <functional>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include "tests/support/catch.h"

#include "formats/core/read_ahead.h"
#include "tests/support/extents.h"

using namespace cbtctl;
using formats::core::ByteRange;
using formats::ctk::ChangedExtent;
using formats::ctk::ChangeQuery;
using formats::ctk::TableShape;

namespace {

constexpr std::uint64_t part_blocks = 256 * 1024;       // of table.cpp: where extents are joined again
constexpr std::uint64_t blocks = 9 * part_blocks + 77;  // more than the fewest that threads share
constexpr std::uint64_t block_bytes = 65536;
const TableShape shape{512, blocks, block_bytes, blocks* block_bytes - 1000};

using Table = std::vector<std::uint32_t>;

std::string file_of(const Table& table) { return std::string(512, 'h') + support::words32(table); }

Table random_runs(std::uint32_t mean, std::uint32_t most_epoch) {
  std::mt19937 random(mean);
  Table table;
  while (table.size() < blocks)
    table.insert(table.end(), 1 + random() % (2 * mean),
                 static_cast<std::uint32_t>(random() % 2 == 0 ? 0 : random() % (most_epoch + 1)));
  table.resize(blocks);
  return table;
}

std::vector<Table> tables() {
  Table holed(blocks, 0);
  std::fill(holed.begin() + 2 * part_blocks - 9, holed.begin() + 2 * part_blocks + 9, 5);
  Table border(blocks, 3);  // one epoch ends where a part does
  std::fill(border.begin() + part_blocks, border.begin() + 2 * part_blocks, 4);
  return {random_runs(200, 9), random_runs(3, 40'000), Table(blocks, 8), Table(blocks, 0), holed, border};
}

using Visit = std::function<formats::core::Status(const formats::core::ByteSource&, const TableShape&,
                                                  const ChangeQuery&, const formats::ctk::ExtentSink&)>;
const Visit by_one = formats::ctk::visit_changed;
Visit by(std::size_t threads) { return std::bind_front(disk::visit_changed_by, threads); }

std::vector<ChangedExtent> found_by(const Visit& visit, const formats::core::ByteSource& file,
                                    const ChangeQuery& query) {
  std::vector<ChangedExtent> found;
  const auto caller = std::this_thread::get_id();
  REQUIRE(visit(file, shape, query, [&](auto extents) {
    if (std::this_thread::get_id() != caller) throw std::logic_error("another thread");
    found.insert(found.end(), extents.begin(), extents.end());
  }));
  return found;
}

bool are_same(const std::vector<ChangedExtent>& a, const std::vector<ChangedExtent>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ChangedExtent& x, const ChangedExtent& y) {
    return x.offset_bytes == y.offset_bytes && x.length_bytes == y.length_bytes && x.epoch == y.epoch;
  });
}

// A file that remembers who read it.
class Watched : public formats::core::ByteSource {
 public:
  explicit Watched(const Table& table) : file_(file_of(table)) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return file_.size_bytes(); }
  [[nodiscard]] formats::core::Result<std::size_t> read_at(std::uint64_t offset,
                                                           std::span<std::byte> out) const override {
    const std::scoped_lock lock(mutex_);
    readers_.insert(std::this_thread::get_id());
    return file_.read_at(offset, out);
  }
  [[nodiscard]] const std::set<std::thread::id>& readers() const { return readers_; }

 private:
  support::StringSource file_;
  mutable std::mutex mutex_;
  mutable std::set<std::thread::id> readers_;
};

class FarAway final : public Watched, public formats::core::ReadAhead {
 public:
  using Watched::Watched;
  void expect(std::vector<ByteRange>) const override {}
};

}  // namespace

TEST_CASE("the changed extents of a large table are those that one thread finds") {
  for (const Table& table : tables()) {
    support::StringSource file(file_of(table));
    for (const std::uint64_t hole_unit_bytes : {std::uint64_t{0}, std::uint64_t{4096}}) {
      file.hole_unit_bytes = hole_unit_bytes;
      for (const ChangeQuery& query : {ChangeQuery{0, false}, ChangeQuery{0, true}, ChangeQuery{3, false}}) {
        const auto expected = found_by(by_one, file, query);
        const std::vector<std::size_t> all =
            hole_unit_bytes == 0 ? std::vector<std::size_t>{2, 3, 4} : std::vector<std::size_t>{3};
        for (const std::size_t threads : all) CHECK(are_same(found_by(by(threads), file, query), expected));
      }
    }
  }
}

TEST_CASE("the totals of a large table are those that one thread counts") {
  const std::size_t threads = GENERATE(2U, 3U, 4U);
  for (const Table& table : tables()) {
    const support::StringSource file(file_of(table));
    const auto expected = formats::ctk::total(file, shape);
    const auto found = disk::total_by(threads, file, shape);
    REQUIRE(expected);
    REQUIRE(found);
    CHECK(found->written_blocks == expected->written_blocks);
    CHECK(found->never_written_blocks == expected->never_written_blocks);
    CHECK(found->greatest_entry == expected->greatest_entry);
    CHECK(found->epochs_cut == expected->epochs_cut);
    CHECK(std::equal(
        found->epochs.begin(), found->epochs.end(), expected->epochs.begin(), expected->epochs.end(),
        [](const auto& a, const auto& b) { return a.epoch == b.epoch && a.blocks == b.blocks && a.bytes == b.bytes; }));
  }
}

TEST_CASE("more than 250,000 epochs are cut, though no part has so many") {
  Table table(blocks);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint32_t>(20'000 + i % 300'000);
  const support::StringSource file(file_of(table));
  const auto found = disk::total_by(2, file, shape);
  REQUIRE(found);
  CHECK(found->epochs_cut);
  CHECK(found->epochs.empty());
  CHECK(found->written_blocks == blocks);
  std::replace_if(
      table.begin(), table.end(), [](std::uint32_t entry) { return entry >= 270'000; }, 1U);
  const auto fewer = disk::total_by(2, support::StringSource(file_of(table)), shape);
  REQUIRE(fewer);
  CHECK_FALSE(fewer->epochs_cut);
  CHECK(fewer->epochs.size() == 250'001);  // and 1, which is counted apart
}

TEST_CASE("of what lies before a bad sector nearly all is told, then the error") {
  Table table(blocks);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = 1 + i / 10 % 2;
  support::StringSource file(file_of(table));
  file.fault = ByteRange{512 + 3 * part_blocks * 4, 1};
  std::uint64_t told = 0;
  const auto status = disk::visit_changed_by(3, file, shape, {}, [&](auto extents) {
    for (const ChangedExtent& extent : extents) told = extent.offset_bytes + extent.length_bytes;
  });
  REQUIRE_FALSE(status);
  CHECK(status.error().message == "a bad sector");
  CHECK(told <= 3 * part_blocks * block_bytes);
  CHECK(told > 2 * part_blocks * block_bytes);
  CHECK_FALSE(disk::total_by(3, file, shape));
}

TEST_CASE("a table that is cut is told as one thread tells it") {
  const support::StringSource file(file_of(Table(blocks - 100, 2)));
  const auto of = [&](const Visit& visit) { return visit(file, shape, {}, [](auto) {}); };
  const auto expected = of(by_one), found = of(by(2));
  REQUIRE_FALSE(expected);
  REQUIRE_FALSE(found);
  CHECK(found.error().message == expected.error().message);
}

TEST_CASE("a table on this machine is read by several threads, one far away by the caller alone") {
  const Table table(blocks, 2);
  const Watched here(table);
  const FarAway there(table);
  for (const Watched* file : std::initializer_list<const Watched*>{&here, &there}) {
    REQUIRE(disk::total_by(2, *file, shape));
    REQUIRE(disk::visit_changed_by(2, *file, shape, {}, [](auto) {}));
  }
  CHECK(there.readers() == std::set{std::this_thread::get_id()});
  CHECK(here.readers().size() > 1);
}
