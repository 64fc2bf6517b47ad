#include "tests/support/catch.h"

#include "formats/text/document.h"

using namespace formats::text;

TEST_CASE("every text decodes and encodes to the same bytes") {
  const std::string text =
      GENERATE(as<std::string>{}, "", "\n", "a = \"1\"", "a = \"1\"\r\nb = \"2\"\r\n", "a = \"1\"\rb=2\r",
               "\xEF\xBB\xBF.encoding = \"UTF-8\"\n", "# c\n\n  \t\nbroken line\n = \"x\"\n",
               "a = \"unclosed\nb = \"2\" tail\n", "name = \"\x83\x65\x83\x58\"\n", std::string("a\0b = \"1\"\n", 10));
  CHECK(Document::decode(text).encode() == text);
}

TEST_CASE("an edit changes the bytes of one value and nothing else") {
  Document document = Document::decode("# head\r\nScsi0:0.CtkEnabled\t= \"TRUE\"  # why\r\nbroken\r\nb=bare\r\n");
  document.set_value(*document.find("scsi0:0.ctkenabled"), "FALSE");
  CHECK(document.encode() == "# head\r\nScsi0:0.CtkEnabled\t= \"FALSE\"  # why\r\nbroken\r\nb=bare\r\n");
  document.set_value(*document.find("B"), "two words");
  CHECK(document.value("b") == "two words");
  CHECK(document.encode().ends_with("b=\"two words\"\r\n"));
}

TEST_CASE("an added line has the file's own line end and repairs a missing last one") {
  Document document = Document::decode("a = \"1\"\r\nb = \"2\"");
  document.append("c", "say \"|\"");
  CHECK(document.encode() == "a = \"1\"\r\nb = \"2\"\r\nc = \"say |22|7C|22\"\r\n");
  CHECK(document.value("c") == "say \"|\"");
}

TEST_CASE("escapes are undone on every value, and a bar without two hex digits stays") {
  const Document document = Document::decode("a = \"x|0Ay\"\nb = p|7cq\nc = \"50|% |4\"\n");
  CHECK(document.value("a") == "x\ny");
  CHECK(document.value("b") == "p|q");
  CHECK(document.value("c") == "50|% |4");
}

TEST_CASE("a line with text behind its quoted value is no entry") {
  const Document document = Document::decode("a = \"1\" x\nb = 1 2\nc = \"1\" # fine\n");
  CHECK(document.find("a") == nullptr);
  CHECK(document.find("b") == nullptr);
  CHECK(document.value("c") == "1");
  CHECK(document.other_lines().size() == 2);
}

TEST_CASE("keys are found in any case, all of them in order") {
  const Document document = Document::decode("Key = \"1\"\nkEY = \"2\"\n");
  REQUIRE(document.find_all("KEY").size() == 2);
  CHECK(document.find("key")->value == "1");
  CHECK(document.find_all("key")[1]->line_number == 2);
}

TEST_CASE("text in another encoding becomes UTF-8, and what is none stays unknown") {
  CHECK(formats::text::to_utf8("caf\xe9", "windows-1252") == "caf\xc3\xa9");
  CHECK(formats::text::to_utf8("\x83\x65\x83\x58\x83\x67", "Shift_JIS") == "\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88");
  CHECK(formats::text::to_utf8("\xb2\xe2", "GBK") == "\xe6\xb5\x8b");
  CHECK_FALSE(formats::text::to_utf8("caf\xe9", "UTF-8"));
  CHECK_FALSE(formats::text::to_utf8("x\xe9", "no-such-encoding"));
}

TEST_CASE("texts are equal whatever their case, and only ASCII has one") {
  const std::string upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ@[`{\xC4";
  const std::string lower = "abcdefghijklmnopqrstuvwxyz@[`{\xC4";
  for (std::size_t size = 0; size <= upper.size(); ++size) {
    CHECK(equal_ignoring_case(upper.substr(0, size), lower.substr(0, size)));
    CHECK(hash_ignoring_case(upper.substr(0, size)) == hash_ignoring_case(lower.substr(0, size)));
    CHECK_FALSE(equal_ignoring_case(upper.substr(0, size), lower.substr(0, size) + "x"));
    for (std::size_t other = 0; other < size; ++other) {
      std::string changed = lower.substr(0, size);
      changed[other] = '~';
      CHECK_FALSE(equal_ignoring_case(upper.substr(0, size), changed));
    }
  }
  CHECK_FALSE(equal_ignoring_case("\xC4", "\xE4"));
}

TEST_CASE("a word of up to eight letters folds to a number of its own") {
  CHECK(folded("VMDK") == folded("vmdk"));
  CHECK(folded("vmdk") != folded("vmdj"));
  CHECK(folded("sesparse") != 0);
  CHECK(folded("sesparsed") == 0);
  CHECK(folded("") == 0);
  CHECK(folded(std::string_view("\0vmx", 4)) == 0);
}
