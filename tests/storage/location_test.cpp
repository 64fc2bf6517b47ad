#include "tests/support/catch.h"

#include "storage/location.h"

using namespace cbtctl::storage;

TEST_CASE("an IPv6 zone is decoded like any other part of a target, and may stand as it is") {
  const std::string text = GENERATE("ssh://root@[fe80::1%25eth0]:2222/vmfs/volumes", "ssh://root@[fe80::1%eth0]:2222/");
  const auto location = parse_location(text);
  REQUIRE(location);
  CHECK(location->host == "fe80::1%eth0");
  CHECK(location->port == 2222U);
  CHECK(location_text(*location) == "ssh://root@[fe80::1%25eth0]:2222/vmfs/volumes");
}

TEST_CASE("a zone that is a number is left as it is") {
  CHECK(parse_location("ssh://[fe80::1%12]/x")->host == "fe80::1%12");
  CHECK(parse_location("ssh://[fe80::1%2512]/x")->host == "fe80::1%12");
}

TEST_CASE("what is no target says what one is, and never repeats a password") {
  CHECK_FALSE(parse_location("ssh://[::1"));
  CHECK_FALSE(parse_location("ssh://esx:0/x"));
  CHECK_FALSE(parse_location("ssh://-oProxyCommand=x/"));
  const auto refused = parse_location("ssh://root:secret@esx/x");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("secret") == std::string::npos);
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

TEST_CASE("what a file calls another lies beside it, or at an absolute path of the same machine") {
  const Location here = local_location("web/web.vmx");
  CHECK(beside(here, "x.vmdk").path == "web/x.vmdk");
  CHECK(beside(here, "../x.vmdk").path == "web/../x.vmdk");
  CHECK(beside(here, "/a/x.vmdk").path == "/a/x.vmdk");
  CHECK(beside(here, "").path == "web");
  CHECK(beside(local_location("web.vmx"), "x.vmdk").path == "x.vmdk");
  CHECK(beside(local_location("/web.vmx"), "x.vmdk").path == "/x.vmdk");
  CHECK(beside(local_location("/web.vmx"), "x.vmdk").text == "/x.vmdk");
  CHECK(inside(local_location("web"), "x.vmdk").text == "web/x.vmdk");
}

TEST_CASE("on a host what a file calls another goes on as the user wrote the first") {
  const auto host = parse_location("ssh://root@esx1/vmfs/volumes/my%20ds/web/web.vmx");
  REQUIRE(host);
  CHECK(host->text == "ssh://root@esx1/vmfs/volumes/my%20ds/web/web.vmx");
  const Location disk = beside(*host, "50%.vmdk");
  CHECK(disk.path == "/vmfs/volumes/my ds/web/50%.vmdk");
  CHECK(disk.text == "ssh://root@esx1/vmfs/volumes/my%20ds/web/50%25.vmdk");
  CHECK(parse_location(disk.text)->path == disk.path);
  const Location other = beside(*host, "/vmfs/volumes/ds2/x.vmdk");
  CHECK(other.text == "ssh://root@esx1/vmfs/volumes/ds2/x.vmdk");
  CHECK(other.user == "root");
  CHECK(inside(beside(*host, ""), "a.vmdk").path == "/vmfs/volumes/my ds/web/a.vmdk");
}

TEST_CASE("a path of this machine may look like a host's") {
  CHECK_FALSE(local_location("ssh://esx1/x").is_ssh);
  CHECK(local_location("ssh://esx1/x").path == "ssh://esx1/x");
}
