#include "tests/support/catch.h"

#include "storage/location.h"
#include "storage/path.h"

using namespace cbtctl::storage;

TEST_CASE("paths are normalised as text and never climb above their beginning") {
  CHECK(normalise("a//b/./c/") == "a/b/c");
  CHECK(normalise("a/../b") == "b");
  CHECK(normalise("a/..") == "");
  CHECK_FALSE(normalise("a/../../b"));
  CHECK(parent_of("a/b") == "a");
  CHECK(parent_of("a").empty());
  CHECK(join("", "a") == "a");
}

TEST_CASE("a target is a path or an ssh location") {
  CHECK(parse_location("/mnt/ds1")->path == "/mnt/ds1");
  const auto host = parse_location("ssh://root@esx1:2222/vmfs/volumes/my%20ds");
  REQUIRE(host);
  CHECK(host->user == "root");
  CHECK(host->host == "esx1");
  CHECK(host->port == 2222U);
  CHECK(host->path == "/vmfs/volumes/my ds");
  CHECK(parse_location("ssh://[fe80::1]:22")->host == "fe80::1");
  CHECK(parse_location("ssh://esx1")->path == "/vmfs/volumes");
}

TEST_CASE("a malformed target is a usage error") {
  const std::string text = GENERATE("", "ssh://", "ssh://-oProxyCommand=x/", "ssh://h:99999/", "ssh://h:x", "ssh://@h",
                                    "ssh://h/%zz", "ssh://[::1");
  REQUIRE_FALSE(parse_location(text));
  CHECK(parse_location(text).error().kind == formats::core::ErrorKind::usage);
}
