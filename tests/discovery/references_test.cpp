#include "discovery/references.h"

#include <map>
#include <set>
#include <string>
#include "tests/support/catch.h"

using namespace cbtctl::discovery;

namespace {

// A world of names: what is where by itself, and how often each tail exists below the roots.
struct ReferenceWorld {
  std::set<std::string> itself;
  std::map<std::string, int> tails;
  std::vector<Mapping> mappings;
  std::set<std::string> empty_mappings;  // whose LOCAL leads nowhere

  [[nodiscard]] std::optional<FoundReference<std::string>> find(const std::string& absolute,
                                                                ReferenceTo to = ReferenceTo::file) const {
    const ReferenceLookup<std::string> lookup{
        .mapped = [this](std::size_t i, std::string_view rest) -> std::optional<std::string> {
          if (empty_mappings.contains(mappings[i].local)) return std::nullopt;
          return mappings[i].local + "|" + std::string(rest);
        },
        .itself = [this](const std::string& path) -> std::optional<std::string> {
          return itself.contains(path) ? std::optional(path) : std::nullopt;
        },
        .below_roots =
            [this](std::string_view tail) {
              const auto known = tails.find(std::string(tail));
              const int count = known == tails.end() ? 0 : known->second;
              return std::vector<std::string>(static_cast<std::size_t>(count), "root|" + std::string(tail));
            }};
    return find_reference(absolute, to, mappings, lookup);
  }
};

Mapping mapping_of(std::string remote, std::string local) {
  return {.remote = std::move(remote), .local = std::move(local), .given = {}, .reader = {}};
}

const std::string written_path = "/vmfs/volumes/ds1/web/web.vmdk";

}  // namespace

TEST_CASE("--map goes before the path itself, and that before any tail") {
  ReferenceWorld world{.itself = {written_path}, .tails = {{"web/web.vmdk", 1}}, .mappings = {}, .empty_mappings = {}};
  CHECK(world.find(written_path)->place == written_path);
  CHECK_FALSE(world.find(written_path)->by_tail);
  world.mappings = {mapping_of("/vmfs/volumes/ds1", "/mnt/a")};
  CHECK(world.find(written_path)->place == "/mnt/a|web/web.vmdk");
  CHECK_FALSE(world.find(written_path)->by_tail);
}

TEST_CASE("the first mapping whose LOCAL leads somewhere decides") {
  ReferenceWorld world{
      .itself = {},
      .tails = {},
      .mappings = {mapping_of("/vmfs/volumes/ds", "/mnt/other"), mapping_of("/vmfs/volumes/ds1", "/mnt/a"),
                   mapping_of("/vmfs/volumes", "/mnt/b"), mapping_of("", "/mnt/all")},
      .empty_mappings = {}};
  CHECK(world.find(written_path)->place == "/mnt/a|web/web.vmdk");
  CHECK(world.find("/vmfs/volumes/ds/x")->place == "/mnt/other|x");
  CHECK(world.find("/srv/x")->place == "/mnt/all|srv/x");
  world.empty_mappings = {"/mnt/a"};
  CHECK(world.find(written_path)->place == "/mnt/b|ds1/web/web.vmdk");
  world.empty_mappings = {"/mnt/a", "/mnt/b", "/mnt/all"};
  CHECK_FALSE(world.find(written_path));
}

TEST_CASE("the longest tail of at least folder and file decides, if it exists once") {
  ReferenceWorld world{.itself = {}, .tails = {{"web.vmdk", 1}}, .mappings = {}, .empty_mappings = {}};
  CHECK_FALSE(world.find(written_path));
  world.tails["web/web.vmdk"] = 1;
  CHECK(world.find(written_path)->place == "root|web/web.vmdk");
  CHECK(world.find(written_path)->by_tail);
  world.tails["ds1/web/web.vmdk"] = 1;
  CHECK(world.find(written_path)->place == "root|ds1/web/web.vmdk");
  world.tails["ds1/web/web.vmdk"] = 2;
  CHECK_FALSE(world.find(written_path));
}

TEST_CASE("the tail of a folder may be itself alone") {
  const ReferenceWorld world{.itself = {}, .tails = {{"web", 1}}, .mappings = {}, .empty_mappings = {}};
  CHECK(world.find("/vmfs/volumes/ds1/web", ReferenceTo::folder)->place == "root|web");
  CHECK_FALSE(world.find("/vmfs/volumes/ds1/web", ReferenceTo::file));
}

TEST_CASE("only what lies on a volume has tails") {
  CHECK(tails_of(written_path, ReferenceTo::file) == std::vector<std::string_view>{"vmfs/volumes/ds1/web/web.vmdk",
                                                                                   "volumes/ds1/web/web.vmdk",
                                                                                   "ds1/web/web.vmdk", "web/web.vmdk"});
  CHECK(tails_of("/vmfs/volumes/ds1", ReferenceTo::folder) ==
        std::vector<std::string_view>{"vmfs/volumes/ds1", "volumes/ds1", "ds1"});
  CHECK(tails_of("/srv/web/web.vmdk", ReferenceTo::file).empty());
  CHECK(tails_of("/vmfs/volumes", ReferenceTo::folder).empty());
  CHECK(tails_of("/", ReferenceTo::folder).empty());
}

TEST_CASE("a path is below REMOTE by whole parts") {
  CHECK(below_remote(mapping_of("/a", {}), "/a/b/c") == "b/c");
  CHECK(below_remote(mapping_of("/a", {}), "/a") == "");
  CHECK_FALSE(below_remote(mapping_of("/a", {}), "/ab/c"));
  CHECK(below_remote(mapping_of("", {}), "/a/b") == "a/b");
}
