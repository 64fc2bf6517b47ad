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
