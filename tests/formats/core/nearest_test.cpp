#include "formats/core/nearest.h"

#include "tests/support/catch.h"

using formats::core::nearest;
using Names = std::vector<std::string>;

TEST_CASE("the nearest name comes first, and what is far is not told") {
  CHECK(nearest("srv-1l0", {"srv-110", "srv-120", "db"}) == Names{"srv-110", "srv-120"});
  CHECK(nearest("chekc", {"scan", "check", "clean"}).front() == "check");
  CHECK(nearest("zzz", {"scan", "check"}).empty());
  CHECK(nearest("", {"a"}) == Names{"a"});
}

TEST_CASE("each is told once, and of many the nearest three") {
  CHECK(nearest("web1", {"web1x", "web1x"}) == Names{"web1x"});
  CHECK(nearest("web1", {"web2", "web3", "web4", "web5"}).size() == 3);
}

TEST_CASE("letter case and Unicode form count for nothing in what is near") {
  CHECK(nearest("KO\xcc\x88LN1", {"k\xc3\xb6ln"}) == Names{"k\xc3\xb6ln"});
}
