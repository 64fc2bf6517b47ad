#include "tests/support/catch.h"

#include "formats/core/base64.h"

using namespace formats::core;

TEST_CASE("base64 is exact for every length") {
  CHECK(to_base64("") == "");
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foo") == "Zm9v");
}

TEST_CASE("base64 comes back, and what is none is told") {
  const std::string bytes("\0\xff|a\n", 5);
  CHECK(from_base64(to_base64(bytes)) == bytes);
  CHECK_FALSE(from_base64("?"));
  CHECK_FALSE(from_base64("Zg"));
}
