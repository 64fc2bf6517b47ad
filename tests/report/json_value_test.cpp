#include "tests/support/catch.h"

#include <cstdint>
#include <limits>
#include <string>

#include "report/json.h"

using namespace cbtctl::report;

TEST_CASE("a JSON document is indented by two and keeps the order of its members") {
  Json document;
  document["name"] = "web01";
  document["list"] = std::vector<std::uint32_t>{1, 2};
  document["nothing"] = nullptr;
  document["empty"] = {{"list", Json::array()}, {"object", Json::object()}};
  document["name"] = "web02";
  CHECK(printed(document) ==
        "{\n  \"name\": \"web02\",\n  \"list\": [\n    1,\n    2\n  ],\n  \"nothing\": null,\n"
        "  \"empty\": {\n    \"list\": [],\n    \"object\": {}\n  }\n}\n");
}

TEST_CASE("a JSON number has every value that an integer can have") {
  Json list = Json::array();
  list.push_back(std::numeric_limits<std::uint64_t>::max());
  list.push_back(std::numeric_limits<std::int64_t>::min());
  list.push_back(0);
  list.push_back(true);
  CHECK(printed(list) == "[\n  18446744073709551615,\n  -9223372036854775808,\n  0,\n  true\n]\n");
}

TEST_CASE("a JSON text is escaped where JSON asks for it, and is always UTF-8") {
  CHECK(printed("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f é") == "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f é\"\n");
  CHECK(printed(std::string("nul \0.", 6)) == "\"nul \\u0000.\"\n");
  CHECK(printed("M\xFCller") == "\"M\uFFFDller\"\n");
  CHECK(printed("") == "\"\"\n");
}

TEST_CASE("a text that is no UTF-8 stands beside its exact bytes") {
  Json object;
  put_text(object, "name", "M\xFCller");
  put_text(object, "other", "Müller");
  CHECK(text_at(object, "name_base64") == "TfxsbGVy");
  CHECK(object.find("other_base64") == nullptr);
}

TEST_CASE("what was printed can be read") {
  const std::string text = printed(
      {{"a", Json(std::vector<std::string>{"x", "é\n"})}, {"b", {{"c", 7U}, {"d", -7}, {"e", nullptr}, {"f", false}}}});
  const auto document = parse_json(text);
  REQUIRE(document);
  CHECK(printed(*document) == text);
  REQUIRE(document->find("b") != nullptr);
  CHECK(document->find("b")->find("c")->number() == 7);
  CHECK_FALSE(document->find("b")->find("d")->number());
  CHECK(document->find("a")->find("c") == nullptr);
  CHECK_FALSE(text_at(*document, "b"));
}

TEST_CASE("of a member that comes twice the last one counts") {
  const auto document = parse_json(R"({"a": {"b": 1}, "c": 2, "a": [3]})");
  REQUIRE(document);
  CHECK(printed(*document) == "{\n  \"a\": [\n    3\n  ],\n  \"c\": 2\n}\n");
}

TEST_CASE("what is no JSON, or nested without end, is refused") {
  for (const char* text : {"", "{", "[1,]", "{\"a\" 1}", "\"\xFC\"", "[1] 2", "nul"}) {
    INFO(text);
    CHECK_FALSE(parse_json(text));
  }
  CHECK_FALSE(parse_json(std::string(100'000, '[') + std::string(100'000, ']')));
  CHECK(parse_json(std::string(100, '[') + std::string(100, ']')));
}
