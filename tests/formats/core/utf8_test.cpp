#include "tests/support/catch.h"

#include "formats/core/utf8.h"

using namespace formats::core;

TEST_CASE("control characters, direction marks and bytes that are no UTF-8 are escaped") {
  CHECK(escaped("a\nb\x1b[31m\x7f") == "a\\nb\\x1b[31m\\x7f");
  CHECK(escaped("x\xe2\x80\xaey") == "x\\u202ey");
  CHECK(escaped("caf\xe9") == "caf\\xe9");
  CHECK(escaped("caf\xc3\xa9") == "caf\xc3\xa9");
  CHECK(escaped("\xc2\x9b") == "\\x9b");
}

TEST_CASE("overlong and surrogate sequences are no UTF-8") {
  CHECK_FALSE(is_utf8("\xc0\x80"));
  CHECK_FALSE(is_utf8("\xed\xa0\x80"));
  CHECK_FALSE(is_utf8("\xf4\x90\x80\x80"));
  CHECK_FALSE(is_utf8("\xe2\x82"));
  CHECK(lossy_utf8("a\xff") == "a\xef\xbf\xbd");
}

TEST_CASE("names are compared without regard to letter case and Unicode form") {
  CHECK(casefolded("Web01") == "web01");
  CHECK(casefolded("K\xc3\x96LN") == casefolded("Ko\xcc\x88ln"));
  CHECK(casefolded("STRASSE") == casefolded("stra\xc3\x9f"
                                            "e"));
  CHECK(casefolded("A\xff") == "a\xff");  // no UTF-8
}

TEST_CASE("a terminal takes two columns for wide characters and none for marks") {
  CHECK(columns_of("web01") == 5);
  CHECK(columns_of("\xe4\xbb\xae\xe6\x83\xb3") == 4);  // two ideographs
  CHECK(columns_of("Ko\xcc\x88ln") == 4);
  CHECK(columns_of("\xf0\x9f\x92\xbe") == 2);  // a floppy disk
  CHECK(columns_of("\xcd\xb8") == 1);          // nobody's
}
