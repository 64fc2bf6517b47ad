// One file of a host: whatever is announced, the bytes are the file's; what is announced travels together.
#include "storage/ssh_file.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <thread>
#include "tests/support/catch.h"

#include "formats/core/read_ahead.h"
#include "storage/ssh_given_secrets.h"
#include "tests/support/standin.h"

using namespace cbtctl::storage;
using formats::core::ByteRange;

namespace {

constexpr std::size_t size_bytes = 20 * 1024 * 1024 + 123;  // more than two batches

struct Written {
  Written() : path(support::Standin::instance().root() / "file_test") {
    std::mt19937 random(3);
    for (std::size_t i = 0; i < size_bytes; ++i) content.push_back(static_cast<char>(random()));
    std::ofstream(path, std::ios::binary) << content;
  }
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;
  ~Written() { std::filesystem::remove(path); }
  void check(const ByteSource& file, const ByteRange& range) const {
    std::vector<std::byte> bytes(static_cast<std::size_t>(range.length_bytes));
    const auto count = file.read_at(range.offset_bytes, bytes);
    REQUIRE(count);
    const auto expected = std::string_view(content).substr(static_cast<std::size_t>(range.offset_bytes), bytes.size());
    CHECK(formats::core::text_of(bytes).substr(0, *count) == expected);
  }
  void check_all(const ByteSource& file) const {
    for (std::uint64_t at = 0; at < size_bytes; at += 1'000'000) check(file, {at, 1'000'000});
  }

  std::filesystem::path path;
  std::string content;
};

struct Opened : Written {
  explicit Opened(std::uint64_t second_line_from_bytes = UINT64_MAX) {
    SshOptions options;
    options.transport = SshTransport::sftp;
    options.second_line_from_bytes = second_line_from_bytes;
    reader = support::Standin::instance().open("/", std::move(options)).reader;
    auto opened = reader->open("file_test");
    REQUIRE(opened);
    file = std::move(*opened);
  }
  void check(const ByteRange& range) const { Written::check(*file, range); }
  [[nodiscard]] std::uint64_t waits() const { return reader->counters().waits; }

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
  CHECK(opened.reader->counters().most_outstanding >= 8);  // there is no line to fill: half a MiB
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
  CHECK(opened.waits() - before <= 14);  // one for each batch, where the reader is slower than the host
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

TEST_CASE("much of a host's file comes over two lines, and is the same") {
  Opened opened(1 << 20);
  const auto over_the_first = [&]() -> std::uint64_t { return opened.reader->counters().bytes_received; };
  std::uint64_t bytes = size_bytes;
  for (int round = 0; round < 200 && bytes > size_bytes * 2 / 3; ++round) {  // until the second stands
    const std::uint64_t before = over_the_first();
    opened.check_all(*opened.file);
    bytes = over_the_first() - before;
  }
  CHECK(bytes <= size_bytes * 2 / 3);
  auto ranges = scattered(600);
  formats::core::expect(*opened.file, ranges);
  for (const ByteRange& range : ranges) opened.check(range);
  std::shuffle(ranges.begin(), ranges.end(), std::mt19937(9));
  for (const ByteRange& range : ranges) opened.check(range);
}

TEST_CASE("a host that allows no second line is read over the first") {
  const Written written;
  const auto host = support::Standin::instance().connect();
  const auto second_host = [](bool is_lost) -> SshSecondLine::Opener {
    return [is_lost]() -> Result<std::unique_ptr<SshHost>> {
      if (!is_lost) return Error{ErrorKind::denied, "no more connections"};
      auto lost = support::Standin::instance().connect();
      lost->fail({ErrorKind::unavailable, "the line is lost"});
      return lost;
    };
  };
  for (const bool is_lost : {false, true}) {
    SshSecondLine second(second_host(is_lost), std::chrono::seconds(15));
    second.begin();
    for (int i = 0; is_lost && i < 500 && !second.line(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK(second.line().has_value() == is_lost);
    SshQueue queue(
        std::chrono::seconds(15), [] {}, nullptr);
    const auto file = open_ssh_file(*host, queue, second, 1 << 20, "file_test");
    REQUIRE(file);
    for (int round = 0; round < 2; ++round) written.check_all(**file);
    CHECK_FALSE(second.line());
  }
}

TEST_CASE("secrets are told again, once in each login, and nobody is asked") {
  int asked = 0;
  SshSecrets secrets{.password = std::make_shared<SshPassword>(Secret("given")), .person = {}, .passphrase = {}};
  secrets.person = [&](const std::string& question, bool) {
    ++asked;
    return std::optional(Secret("to " + question));
  };
  const auto told = [](const std::optional<Secret>& secret) {
    return secret ? std::string(secret->text()) : "nothing";
  };
  const GivenSecrets given;
  const SshSecrets first = given.remembering(secrets);
  CHECK_FALSE(first.passphrase);
  CHECK(first.password == secrets.password);
  CHECK(told(given.again(secrets).person("password", false)) == "nothing");
  CHECK(told(first.person("password", false)) == "to password");
  CHECK(told(first.person("Not accepted. password", false)) == "to Not accepted. password");
  CHECK(told(first.person("token", true)) == "to token");
  const SshSecrets again = given.again(secrets);
  CHECK(again.password == secrets.password);
  CHECK(told(again.person("password", false)) == "to Not accepted. password");
  CHECK(told(again.person("Not accepted. password", false)) == "nothing");
  CHECK(told(again.person("token", true)) == "to token");
  CHECK(told(again.person("other", false)) == "nothing");
  CHECK_FALSE(again.passphrase("key"));
  CHECK(asked == 3);
}
