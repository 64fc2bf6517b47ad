#include "tests/support/catch.h"

#include <cstdint>
#include <string>

#include "report/json.h"
#include "report/json_stream.h"

using namespace cbtctl::report;

namespace {

// What `write` writes.
template <typename Write>
std::string streamed(const Write& write) {
  std::string text;
  Printer out([&](std::string_view piece) {
    text += piece;
    return true;
  });
  JsonStream json(out);
  write(json);
  CHECK(out.flush());
  return text;
}

std::string with_rows(std::size_t count) {
  return streamed([&](JsonStream& json) {
    json.begin_object();
    json.begin_rows("rows", {"n", "word"});
    for (std::size_t i = 0; i < count; ++i) json.row(i, "x");
    json.end_rows();
    json.member("last", nullptr);
    json.end_object();
  });
}

}  // namespace

TEST_CASE("a long array takes a line for each of its rows") {
  CHECK(with_rows(0) == "{\n  \"rows\": [],\n  \"last\": null\n}\n");
  CHECK(with_rows(1) == "{\n  \"rows\": [\n    {\"n\": 0, \"word\": \"x\"}\n  ],\n  \"last\": null\n}\n");
  CHECK(with_rows(2) ==
        "{\n  \"rows\": [\n    {\"n\": 0, \"word\": \"x\"},\n    {\"n\": 1, \"word\": \"x\"}\n  ],\n"
        "  \"last\": null\n}\n");
  const auto document = parse_json(with_rows(10'000));
  REQUIRE(document);
  CHECK(document->find("rows")->elements()->size() == 10'000);
}

TEST_CASE("but for its rows a streamed document is as it would be printed") {
  Json disk{{"path", "a\"b"}, {"links", Json(std::vector<std::string>{"a", "b"})}, {"none", Json::object()}};
  Json document{{"schema", "x/1"}, {"disks", Json::array()}};
  const auto stream = [&](std::size_t disks) {
    return streamed([&](JsonStream& json) {
      json.begin_object();
      json.member("schema", "x/1");
      json.begin_array("disks");
      for (std::size_t i = 0; i < disks; ++i) {
        json.begin_object();
        json.members(disk);
        json.begin_rows("rows", {"n"});
        json.end_rows();
        json.end_object();
      }
      json.end_array();
      json.end_object();
    });
  };
  CHECK(stream(0) == printed(document));
  Json with_empty_rows = disk;
  with_empty_rows["rows"] = Json::array();
  for (int i = 0; i < 2; ++i) document["disks"].push_back(with_empty_rows);
  CHECK(stream(2) == printed(document));
}

TEST_CASE("rows of a disk within a document stand where its members stand") {
  const std::string text = streamed([](JsonStream& json) {
    json.begin_object();
    json.begin_array("disks");
    json.begin_object();
    json.begin_rows("rows", {"n"});
    json.row(1U);
    json.end_rows();
    json.end_object();
    json.end_array();
    json.end_object();
  });
  CHECK(text == "{\n  \"disks\": [\n    {\n      \"rows\": [\n        {\"n\": 1}\n      ]\n    }\n  ]\n}\n");
}

TEST_CASE("a text in a row is escaped, and is always UTF-8") {
  const std::string text = streamed([](JsonStream& json) {
    json.begin_object();
    json.begin_rows("rows", {"a \"name\"", "n"});
    json.row("a\"b\n\x01", std::numeric_limits<std::uint64_t>::max());
    json.row("M\xFCller", std::uint16_t{7});
    json.end_rows();
    json.end_object();
  });
  CHECK(text ==
        "{\n  \"rows\": [\n    {\"a \\\"name\\\"\": \"a\\\"b\\n\\u0001\", \"n\": 18446744073709551615},\n"
        "    {\"a \\\"name\\\"\": \"M\uFFFDller\", \"n\": 7}\n  ]\n}\n");
}

TEST_CASE("a long document goes out in pieces, and no more is made once one cannot be written") {
  std::size_t longest = 0;
  std::size_t pieces = 0;
  Printer out([&](std::string_view piece) {
    longest = std::max(longest, piece.size());
    return ++pieces < 3;
  });
  JsonStream json(out);
  json.begin_object();
  json.begin_rows("rows", {"n"});
  std::size_t rows = 0;
  while (out.goes_on() && rows < 1'000'000) json.row(rows++);
  json.end_rows();
  json.end_object();
  CHECK_FALSE(out.flush());
  CHECK(pieces == 3);
  CHECK(rows < 20'000);
  CHECK(longest < 70'000);
}
