// A new file can be created, and nothing else.
#include "tests/support/catch.h"

#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>

#include "storage/output.h"
#include "tests/support/temporary_folder.h"

using namespace cbtctl::storage;
namespace fs = std::filesystem;
using support::bytes_of;
using support::content;

TEST_CASE("an output holds what was appended, with holes of zeros between", "[output]") {
  const support::TemporaryFolder folder;
  auto output = create_output(folder / "image");
  REQUIRE(output);
  REQUIRE((*output)->append(bytes_of("head")));
  REQUIRE((*output)->skip(1U << 20U));
  REQUIRE((*output)->append(bytes_of("tail")));
  REQUIRE((*output)->skip(4));
  REQUIRE((*output)->finish());
  CHECK(content(folder / "image") == "head" + std::string(1U << 20U, '\0') + "tail" + std::string(4, '\0'));
  struct stat found {};
  REQUIRE(::stat((folder / "image").c_str(), &found) == 0);
  CHECK(found.st_blocks * 512 < 1 << 20);
}

TEST_CASE("a file that exists is refused and stays as it is", "[output]") {
  const support::TemporaryFolder folder;
  std::ofstream(folder / "image") << "precious";
  const auto output = create_output(folder / "image");
  REQUIRE_FALSE(output);
  CHECK(output.error().kind == formats::core::ErrorKind::usage);
  CHECK(content(folder / "image") == "precious");
}

TEST_CASE("a link in the way is not written through", "[output]") {
  const support::TemporaryFolder folder;
  fs::create_symlink(folder / "elsewhere", folder / "image");
  CHECK_FALSE(create_output(folder / "image"));
  CHECK_FALSE(fs::exists(folder / "elsewhere"));
}

TEST_CASE("an output that was not finished leaves nothing behind", "[output]") {
  const support::TemporaryFolder folder;
  {
    auto output = create_output(folder / "image");
    REQUIRE((*output)->append(bytes_of("half")));
  }
  CHECK(folder.is_empty());
}
