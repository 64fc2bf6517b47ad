// A large file in more than one go: its name comes last, and an interruption is told from a file of something else.
#include "tests/support/catch.h"

#include <filesystem>
#include <fstream>

#include "storage/partial_output.h"
#include "tests/support/temporary_folder.h"

using namespace cbtctl::storage;
using formats::core::ErrorKind;
namespace fs = std::filesystem;
using support::bytes_of;
using support::content;

namespace {

// Writes "hello" of ten bytes and stops.
void interrupted(const std::string& path) {
  const auto output = open_partial(path, 10, "disk one", false);
  REQUIRE(output);
  REQUIRE((*output)->append(bytes_of("hello")));
  (*output)->keep();
}

}  // namespace

TEST_CASE("a partial file gets its name when it is whole, and nothing else is left") {
  const support::TemporaryFolder folder;
  {
    const auto output = open_partial(folder / "x.raw", 10, "disk one", false);
    REQUIRE(output);
    CHECK((*output)->resumed_bytes() == 0);
    REQUIRE((*output)->append(bytes_of("hello")));
    REQUIRE((*output)->skip(5));
    CHECK(!fs::exists(folder / "x.raw"));
    REQUIRE((*output)->finish());
  }
  CHECK(content(folder / "x.raw") == std::string("hello\0\0\0\0\0", 10));
  CHECK(!fs::exists(folder / "x.raw.partial"));
}

TEST_CASE("a partial file that is given up leaves nothing") {
  const support::TemporaryFolder folder;
  { REQUIRE((*open_partial(folder / "x.raw", 10, "disk one", false))->append(bytes_of("hello"))); }
  CHECK(folder.is_empty());
}

TEST_CASE("an interrupted file is gone on with where it was") {
  const support::TemporaryFolder folder;
  interrupted(folder / "x.raw");
  const auto output = open_partial(folder / "x.raw", 10, "disk one", true);
  REQUIRE(output);
  CHECK((*output)->resumed_bytes() == 5);
  std::string there(5, '?');
  REQUIRE((*output)->read_at(0, std::as_writable_bytes(std::span(there))));
  CHECK(there == "hello");
  REQUIRE((*output)->append(bytes_of("world")));
  REQUIRE((*output)->finish());
  CHECK(content(folder / "x.raw") == "helloworld");
}

TEST_CASE("without being asked to, or for something else, an interrupted file is left alone") {
  const support::TemporaryFolder folder;
  interrupted(folder / "x.raw");
  const std::string before = content(folder / "x.raw.partial");
  CHECK(open_partial(folder / "x.raw", 10, "disk one", false).error().kind == ErrorKind::usage);
  CHECK(open_partial(folder / "x.raw", 10, "disk two", true).error().kind == ErrorKind::usage);
  CHECK(open_partial(folder / "x.raw", 11, "disk one", true).error().kind == ErrorKind::usage);
  CHECK(content(folder / "x.raw.partial") == before);
}

TEST_CASE("a file that exists is not overwritten, also where it came meanwhile") {
  const support::TemporaryFolder folder;
  std::ofstream(folder / "old.raw") << "old";
  CHECK(open_partial(folder / "old.raw", 10, "disk one", false).error().kind == ErrorKind::usage);
  {
    const auto output = open_partial(folder / "x.raw", 10, "disk one", false);
    REQUIRE((*output)->append(bytes_of("helloworld")));
    std::ofstream(folder / "x.raw") << "mine";
    const auto finished = (*output)->finish();
    REQUIRE(!finished);
    CHECK(finished.error().kind == ErrorKind::usage);
  }
  CHECK(content(folder / "x.raw") == "mine");
  CHECK(content(folder / "x.raw.partial") == "helloworld");
}

TEST_CASE("two processes do not write one file") {
  const support::TemporaryFolder folder;
  const auto first = open_partial(folder / "x.raw", 10, "disk one", false);
  REQUIRE(first);
  CHECK(open_partial(folder / "x.raw", 10, "disk one", true).error().kind == ErrorKind::in_use);
}

TEST_CASE("where no file can be made, the system's reason is told") {
  const support::TemporaryFolder folder;
  CHECK(open_partial(folder / "no/x.raw", 10, "disk one", false).error().kind == ErrorKind::missing);
}
