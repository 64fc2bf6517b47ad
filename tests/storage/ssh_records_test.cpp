// What `head` and `tail` print for many files, as BusyBox and GNU do it, taken apart by the lengths that are expected.
#include "storage/ssh_records.h"

#include <catch2/catch.hpp>

using namespace cbtctl::storage;

namespace {

const std::vector<Frame> two{{"./a", 3}, {"./b", 2}};

}  // namespace

TEST_CASE("frames of the expected lengths are taken apart") {
  const auto contents = split_frames("==> ./a <==\nabc\n==> ./b <==\nxy\n==> /dev/null <==\n", two);
  REQUIRE(contents);
  CHECK((*contents)[0] == "abc");
  CHECK((*contents)[1] == "xy");
  CHECK(split_frames("==> ./a <==\nabc\n==> ./b <==\nxy\n==> /dev/null <==", two));  // the last newline began a record
}

TEST_CASE("a file that cannot be read has no frame") {
  const auto second = split_frames("==> ./a <==\nabc\n==> /dev/null <==\n", two);
  REQUIRE(second);
  CHECK((*second)[0] == "abc");
  CHECK_FALSE((*second)[1]);
  // The first: GNU's next frame begins the text, BusyBox's is a line below.
  for (const char* text : {"==> ./b <==\nxy\n==> /dev/null <==\n", "\n==> ./b <==\nxy\n==> /dev/null <==\n"}) {
    const auto first = split_frames(text, two);
    REQUIRE(first);
    CHECK_FALSE((*first)[0]);
    CHECK((*first)[1] == "xy");
  }
  for (const char* text : {"==> /dev/null <==\n", "\n==> /dev/null <==\n"}) {
    const auto alone = split_frames(text, {{"./a", 3}});
    REQUIRE(alone);
    CHECK_FALSE((*alone)[0]);
  }
}

TEST_CASE("frames of other lengths are not taken") {
  CHECK_FALSE(split_frames("==> ./a <==\nabcd\n==> ./b <==\nxy\n==> /dev/null <==\n", two));
  CHECK_FALSE(split_frames("==> ./a <==\nab\n==> ./b <==\nxy\n==> /dev/null <==\n", two));
  CHECK_FALSE(split_frames("==> ./a <==\nabc\n==> ./b <==\nx", two));
  CHECK_FALSE(split_frames("", two));
}

TEST_CASE("of a single file any length is taken") {
  for (const char* text : {"==> ./a <==\nabcdef\n==> /dev/null <==\n", "==> ./a <==\nabcdef\n==> /dev/null <=="}) {
    const auto contents = split_frames(text, {{"./a", 3}});
    REQUIRE(contents);
    CHECK((*contents)[0] == "abcdef");
  }
}
