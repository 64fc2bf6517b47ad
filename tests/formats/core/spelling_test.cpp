// Small tables and sums over text: an enum's spelling, FNV-1a, a count in words.
#include "formats/core/spelling.h"

#include "tests/support/catch.h"

#include "formats/core/counted.h"
#include "formats/core/fnv.h"

using namespace formats::core;

namespace {

enum class Fruit { apple, pear };
constexpr auto fruits = std::to_array<Spelling<Fruit>>({{Fruit::apple, "apple"}, {Fruit::pear, "pear"}});

}  // namespace

TEST_CASE("an enum is spelled by one table, both ways") {
  CHECK(text_in(fruits, Fruit::pear) == "pear");
  CHECK(value_in(fruits, "apple") == Fruit::apple);
  CHECK_FALSE(value_in(fruits, "Apple"));
  CHECK_FALSE(value_in(fruits, ""));
}

TEST_CASE("a table that lacks a value, or has them in another order, is not whole") {
  static_assert(is_whole(fruits, Fruit::pear));
  static_assert(!is_whole(fruits, Fruit::apple));
  static_assert(!is_whole(std::to_array<Spelling<Fruit>>({{Fruit::apple, "apple"}}), Fruit::pear));
  static_assert(
      !is_whole(std::to_array<Spelling<Fruit>>({{Fruit::pear, "pear"}, {Fruit::apple, "apple"}}), Fruit::pear));
  SUCCEED();
}

// Of http://www.isthe.com/chongo/tech/comp/fnv.
TEST_CASE("FNV-1a of the published vectors") {
  CHECK(fnv1a<std::uint32_t>("") == 0x811C9DC5U);
  CHECK(fnv1a<std::uint32_t>("a") == 0xE40C292CU);
  CHECK(fnv1a<std::uint32_t>("foobar") == 0xBF9CF968U);
  CHECK(fnv1a<std::uint64_t>("") == 0xCBF29CE484222325U);
  CHECK(fnv1a<std::uint64_t>("a") == 0xAF63DC4C8601EC8CU);
  CHECK(fnv1a<std::uint64_t>("foobar") == 0x85944171F73967E8U);
}

TEST_CASE("a count of one has a word of its own") {
  CHECK(counted(0, "disk", "disks") == "0 disks");
  CHECK(counted(1, "disk", "disks") == "1 disk");
  CHECK(counted(2, "disk", "disks") == "2 disks");
}
