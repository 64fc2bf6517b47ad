// A reader that keeps what was read, around one that lies in memory.
#include "storage/recording_reader.h"

#include "formats/core/sha256.h"
#include "tests/support/catch.h"
#include "tests/support/memory_reader.h"

using namespace cbtctl::storage;
using formats::core::sha256;

namespace {

struct Recorded {
  explicit Recorded(support::MemoryPlace place)
      : reader(open_recording(support::open_memory(std::move(place)), record, 7, "ds/")) {}

  Fetched fetch(FetchRequest request, std::uint64_t tag = 0) const {
    reader->submit({{tag, std::move(request)}});
    auto replies = reader->collect();
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].tag == tag);
    REQUIRE(replies[0].answer);
    return std::get<Fetched>(std::move(*replies[0].answer));
  }
  [[nodiscard]] FileReading of(const std::string& path) const { return record->files().at({7, "ds/" + path}); }

  std::shared_ptr<ReadRecord> record = std::make_shared<ReadRecord>();
  std::unique_ptr<Reader> reader;
};

FetchRequest head_of(std::string path, std::size_t most_bytes) {
  return {.path = std::move(path), .most_bytes = most_bytes, .listed_bytes = {}};
}

std::any length_of(const Fetched& fetched, std::string_view) { return fetched.bytes.size(); }

}  // namespace

TEST_CASE("a file that was fetched whole is recorded with its digest, one that was not with that of its first bytes") {
  const Recorded recorded({.files = {{"a.vmx", "abc"}, {"b.vmdk", "abcdef"}}, .links = {}, .faults = {}});
  CHECK(recorded.fetch(head_of("a.vmx", 100), 5).bytes.size() == 3);
  CHECK_FALSE(recorded.fetch(head_of("b.vmdk", 4)).whole);
  CHECK(recorded.of("a.vmx").sha256 == sha256("abc"));
  CHECK(recorded.of("a.vmx").is_whole);
  CHECK(recorded.of("b.vmdk").sha256 == sha256("abcd"));
  CHECK(recorded.of("b.vmdk").hashed_bytes == 4);
  CHECK(recorded.of("b.vmdk").size_bytes == std::optional<std::uint64_t>(6));
  CHECK_FALSE(recorded.of("b.vmdk").is_whole);
}

TEST_CASE("whoever asks a recording reader gets what the reader gives: decoded, and a status only if asked for") {
  const Recorded recorded({.files = {{"a.vmx", "abc"}}, .links = {}, .faults = {}});
  FetchRequest request = head_of("a.vmx", 100);
  request.decoder = length_of;
  const Fetched fetched = recorded.fetch(request);
  CHECK(std::any_cast<std::size_t>(fetched.decoded) == 3);
  CHECK(fetched.bytes.empty());
  CHECK(fetched.bytes_read == 3);
  CHECK_FALSE(fetched.status);
  request.with_status = true;
  CHECK(recorded.fetch(request).status);
}

TEST_CASE("a file that is opened is recorded as read in parts, and loses no reply that is outstanding") {
  const Recorded recorded({.files = {{"a.vmx", "abc"}, {"a-ctk.vmdk", "abcdef"}}, .links = {}, .faults = {}});
  recorded.reader->submit({{3, head_of("a.vmx", 100)}});
  REQUIRE(recorded.reader->open("a-ctk.vmdk"));
  CHECK(recorded.of("a-ctk.vmdk").sha256.empty());
  CHECK(recorded.of("a-ctk.vmdk").size_bytes == std::optional<std::uint64_t>(6));
  const auto replies = recorded.reader->collect();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].tag == 3);
}

TEST_CASE("what could not be read is not recorded, and a listing is no reading") {
  const Recorded recorded({.files = {{"d/a.vmx", "abc"}}, .links = {}, .faults = {{"b.vmx", ErrorKind::denied}}});
  recorded.reader->submit({{0, ListRequest{.folder = "d"}}, {1, head_of("b.vmx", 9)}});
  CHECK(recorded.reader->collect().size() == 2);
  CHECK(recorded.record->files().empty());
}

TEST_CASE("a file that is read twice stands once, and tells whether it changed") {
  ReadRecord record;
  const FileReading head{.size_bytes = 9, .modified_ns = 1, .sha256 = sha256("a"), .hashed_bytes = 1};
  FileReading whole{.size_bytes = 9, .modified_ns = 1, .sha256 = sha256("abc"), .hashed_bytes = 9, .is_whole = true};
  record.add(0, "a", head);
  record.add(0, "a", whole);
  record.add(0, "a", head);
  REQUIRE(record.files().size() == 1);
  CHECK(record.files().begin()->second.is_whole);
  CHECK_FALSE(record.files().begin()->second.changed);
  whole.sha256 = sha256("abd");
  record.add(0, "a", whole);
  record.add(0, "a", head);
  CHECK(record.files().begin()->second.changed);
  CHECK(record.files().begin()->second.sha256 == sha256("abd"));
}

TEST_CASE("a source that was read from its beginning to its end has its digest, one that was read in parts has none") {
  static const std::string text = "abcdef";
  const auto open = [](const std::shared_ptr<ReadRecord>& record) {
    return recorded(std::make_unique<formats::core::SpanSource>(std::as_bytes(std::span(text))), record, 0, "a", 5);
  };
  const auto record = std::make_shared<ReadRecord>();
  const auto source = open(record);
  std::array<std::byte, 4> piece{};
  REQUIRE(source->read_at(3, piece));
  CHECK(record->files().begin()->second.sha256.empty());
  REQUIRE(source->read_at(0, piece));
  REQUIRE(source->read_at(2, piece));  // overlaps
  CHECK(record->files().begin()->second.sha256 == sha256(text));
  CHECK(record->files().begin()->second.modified_ns == std::optional<std::int64_t>(5));
}
