#include "formats/core/path.h"

#include "tests/support/catch.h"

using namespace formats::core;

TEST_CASE("paths are normalised as text and never climb above their beginning") {
  CHECK(normalise("a//b/./c/") == "a/b/c");
  CHECK(normalise("a/../b") == "b");
  CHECK(normalise("a/..") == "");
  CHECK_FALSE(normalise("a/../../b"));
  CHECK_FALSE(normalise(".."));
  CHECK(normalise("") == "");
  CHECK(normalise("...") == "...");
}

TEST_CASE("a path is a folder and a name, and joined they are the path again") {
  CHECK(parent_of("a/b") == "a");
  CHECK(parent_of("a").empty());
  CHECK(parent_of("/a").empty());
  CHECK(file_name("a/b") == "b");
  CHECK(file_name("a") == "a");
  CHECK(file_name("a/").empty());
  CHECK(file_name("").empty());
  CHECK(join("", "a") == "a");
  CHECK(join("a", "") == "a");
  CHECK(join("", "").empty());
  for (const char* path : {"a", "a/b", "a/b/c.vmdk", "x.y/z"}) CHECK(join(parent_of(path), file_name(path)) == path);
}

TEST_CASE("an extension begins with the last dot of the name, not of a folder") {
  CHECK(extension_of("web01.vmx") == ".vmx");
  CHECK(stem_of("web01.vmx") == "web01");
  CHECK(stem_of("a.b/web.01.vmx") == "a.b/web.01");
  CHECK(extension_of("a.b/web").empty());
  CHECK(stem_of("a.b/web") == "a.b/web");
  CHECK(extension_of(".vmx") == ".vmx");
  CHECK(stem_of(".vmx").empty());
  CHECK(stem_of("a/.vmx") == "a/");
  CHECK(extension_of("web.") == ".");
  CHECK(extension_of("x").empty());
  CHECK(extension_of(".") == ".");
  CHECK(extension_of("").empty());
}

TEST_CASE("bytes that are not UTF-8 are bytes of a name like any other") {
  const std::string path = "ds\xff/na\xefve\x80.vmdk";
  CHECK(parent_of(path) == "ds\xff");
  CHECK(file_name(path) == "na\xefve\x80.vmdk");
  CHECK(stem_of(path) == "ds\xff/na\xefve\x80");
  CHECK(normalise(path) == path);
}

TEST_CASE("a request may use what is relative and leads nowhere else") {
  CHECK(is_inside("a/b"));
  CHECK(is_inside(""));
  CHECK(is_inside("a/..b"));
  CHECK_FALSE(is_inside("/a"));
  CHECK_FALSE(is_inside("a/../b"));
  CHECK_FALSE(is_inside(".."));
  CHECK_FALSE(is_inside(std::string_view("a\0b", 3)));
}
