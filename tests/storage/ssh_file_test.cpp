// One file of a host: whatever is announced, the bytes are the file's; what is announced travels together.
#include "storage/ssh_file.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>

#include "formats/core/read_ahead.h"
#include "tests/support/standin.h"

using namespace cbtctl::storage;
using formats::core::ByteRange;

namespace {

constexpr std::size_t size_bytes = 20 * 1024 * 1024 + 123;  // more than two batches

struct Opened {
  Opened() : path(support::Standin::instance().root() / "file_test") {
    std::mt19937 random(3);
    for (std::size_t i = 0; i < size_bytes; ++i) content.push_back(static_cast<char>(random()));
    std::ofstream(path, std::ios::binary) << content;
    reader = support::Standin::instance().open("/", SshTransport::sftp).reader;
    auto opened = reader->open("file_test");
    REQUIRE(opened);
    file = std::move(*opened);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  ~Opened() {
    file.reset();
    std::filesystem::remove(path);
  }
  void check(const ByteRange& range) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(range.length_bytes));
    const auto count = file->read_at(range.offset_bytes, bytes);
    REQUIRE(count);
    const auto expected = std::string_view(content).substr(static_cast<std::size_t>(range.offset_bytes), bytes.size());
    CHECK(formats::core::text_of(bytes).substr(0, *count) == expected);
  }
  [[nodiscard]] std::uint64_t waits() const { return reader->counters().waits; }

  std::filesystem::path path;
  std::string content;
  std::shared_ptr<SshReader> reader;
  std::unique_ptr<ByteSource> file;
};

std::vector<ByteRange> scattered(std::size_t count) {
  std::mt19937 random(5);
  std::vector<ByteRange> ranges;
  for (std::size_t i = 0; i < count; ++i) ranges.push_back({random() % size_bytes, 1 + random() % 65536});
  return ranges;
}

}  // namespace

TEST_CASE("ranges of a host's file that were announced are read in a wait or two") {
  Opened opened;
  const auto ranges = scattered(100);  // 3 MiB
  const std::uint64_t before = opened.waits();
  formats::core::expect(*opened.file, ranges);
  for (const ByteRange& range : ranges) opened.check(range);
  CHECK(opened.waits() - before <= 2);
  CHECK(opened.reader->counters().most_outstanding >= 32);
}

TEST_CASE("a reader that does not keep to what it announced gets the same bytes") {
  Opened opened;
  auto ranges = scattered(300);  // more than one batch
  formats::core::expect(*opened.file, ranges);
  std::shuffle(ranges.begin(), ranges.end(), std::mt19937(9));
  for (const ByteRange& range : ranges) opened.check(range);
  formats::core::expect(*opened.file, {{size_bytes - 10, 100}, {size_bytes + 5, 5}, {0, size_bytes * 2}});
  for (const ByteRange& range : {ByteRange{size_bytes - 5, 5}, ByteRange{7, 9}, ByteRange{size_bytes - 200, 200}})
    opened.check(range);
}

TEST_CASE("a host's file that is read in order is read ahead") {
  Opened opened;
  const std::uint64_t before = opened.waits();
  for (std::uint64_t at = 0; at < size_bytes; at += 100'000) opened.check({at, 100'000});
  CHECK(opened.waits() - before <= 10);  // parts of 256 KiB, then twice as much each time, up to 8 MiB
}

TEST_CASE("an announced range that the file lost harms no other") {
  Opened opened;
  std::filesystem::resize_file(opened.path, size_bytes / 2);
  formats::core::expect(*opened.file, {{100, 1000}, {size_bytes - 1000, 1000}});
  opened.check({100, 1000});
  std::vector<std::byte> bytes(1000);
  const auto lost = opened.file->read_at(size_bytes - 1000, bytes);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().kind == ErrorKind::changed);
}
