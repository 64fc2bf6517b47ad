// One suite for every Writer: what holds for a folder holds for memory, and for a folder on a host.
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include "tests/support/catch.h"

#include "formats/core/sha256.h"
#include "storage/writer.h"
#include "tests/support/memory_writer.h"
#include "tests/support/standin.h"

using namespace cbtctl::storage;

namespace {

struct Place {
  std::filesystem::path folder;  // empty: memory
  support::MemoryDisk disk;
  std::unique_ptr<Writer> writer;
  ~Place() {
    writer.reset();
    if (!folder.empty()) std::filesystem::remove_all(folder);
  }
};

void fill(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "vm");
  std::ofstream(folder / "vm/a.vmx") << "config";
  std::ofstream(folder / "vm/b") << "other";
  ::chmod((folder / "vm/a.vmx").c_str(), 0755);
  ::chmod((folder / "vm/b").c_str(), 0600);
}

std::unique_ptr<Place> in_memory() {
  auto place = std::make_unique<Place>();
  place->disk.put("vm/a.vmx", "config", 0755);
  place->disk.put("vm/b", "other", 0600);
  place->writer = place->disk.writer();
  return place;
}

std::unique_ptr<Place> in_a_folder() {
  auto place = std::make_unique<Place>();
  std::string name = (std::filesystem::temp_directory_path() / "cbtctl-XXXXXX").string();
  place->folder = ::mkdtemp(name.data());
  fill(place->folder);
  place->writer = std::move(*open_local_writer(place->folder.string()));
  return place;
}

std::unique_ptr<Place> on_a_host() {
  const auto& standin = support::Standin::instance();
  auto place = std::make_unique<Place>();
  place->folder = standin.root() / "tmp/writer";
  fill(place->folder);
  place->writer = open_ssh_writer(standin.open("/tmp/writer", SshTransport::shell).reader);
  return place;
}

std::unique_ptr<Place> any_place() {
  switch (GENERATE(0, 1, 2)) {
    case 0:
      return in_memory();
    case 1:
      return in_a_folder();
    default:
      return on_a_host();
  }
}

unsigned mode_of(const Place& place, const std::string& path) {
  if (place.folder.empty()) return place.disk.files().at(path)->mode;
  struct stat found {};
  REQUIRE(::stat((place.folder / path).c_str(), &found) == 0);
  return found.st_mode & 07777;
}

}  // namespace

TEST_CASE("the first bytes of a file are those, whatever they hold and however long it is") {
  const auto place = any_place();
  std::string bytes = std::string("\xa2\x72\x19\xf6\0\n\0 x", 9) + std::string(head_bytes, '\n') + "more";
  REQUIRE(place->writer->create("vm/long", bytes, {}));
  REQUIRE(place->writer->create("vm/none", {}, {}));
  CHECK(*place->writer->head("vm/long") == bytes.substr(0, head_bytes));
  CHECK(*place->writer->head("vm/a.vmx") == "config");
  CHECK(place->writer->head("vm/none")->empty());
  CHECK(place->writer->head("vm/gone").error().kind == ErrorKind::missing);
  CHECK_FALSE(place->writer->head("vm"));
  place->writer->look_ahead({{Question::Kind::head, "vm/long"}, {Question::Kind::status, "vm/long"}});
  CHECK(*place->writer->head("vm/long") == bytes.substr(0, head_bytes));
}

TEST_CASE("a folder is made once") {
  const auto place = any_place();
  CHECK(place->writer->make_folder("vm/new"));
  CHECK(place->writer->make_folder("vm/new").error().kind == ErrorKind::usage);
  CHECK(place->writer->make_folder("none/new").error().kind == ErrorKind::missing);
  CHECK(place->writer->status("vm/new")->type == EntryType::folder);
}

TEST_CASE("a new file has the mode of the one it is like, and is never written over another") {
  const auto place = any_place();
  REQUIRE(place->writer->create("vm/c", "bytes", "vm/a.vmx"));
  CHECK(*place->writer->read("vm/c") == "bytes");
  CHECK(mode_of(*place, "vm/c") == 0755);
  CHECK(place->writer->create("vm/c", "more", {}).error().kind == ErrorKind::usage);
  CHECK(*place->writer->read("vm/c") == "bytes");
  CHECK(place->writer->create("vm/d", "bytes", "vm/none").error().kind == ErrorKind::missing);
  CHECK_FALSE(place->writer->status("vm/d"));
}

TEST_CASE("what is kept stays what it was when the first name gets other bytes") {
  const auto place = any_place();
  REQUIRE(place->writer->keep("vm/a.vmx", "vm/kept"));
  REQUIRE(place->writer->create("vm/new", "changed", "vm/a.vmx"));
  REQUIRE(place->writer->replace("vm/new", "vm/a.vmx"));
  CHECK(*place->writer->read("vm/a.vmx") == "changed");
  CHECK(*place->writer->read("vm/kept") == "config");
  CHECK(mode_of(*place, "vm/kept") == 0755);
  CHECK_FALSE(place->writer->status("vm/new"));
  CHECK(place->writer->keep("vm/b", "vm/kept").error().kind == ErrorKind::usage);
}

TEST_CASE("a file takes the place of one that is there, and of nothing else") {
  const auto place = any_place();
  CHECK(place->writer->replace("vm/a.vmx", "vm/none").error().kind == ErrorKind::missing);
  CHECK(place->writer->replace("vm/none", "vm/a.vmx").error().kind == ErrorKind::missing);
  CHECK(*place->writer->read("vm/a.vmx") == "config");
}

TEST_CASE("a move never goes over an existing file") {
  const auto place = any_place();
  CHECK(place->writer->move("vm/a.vmx", "vm/b").error().kind == ErrorKind::usage);
  CHECK(*place->writer->read("vm/b") == "other");
  REQUIRE(place->writer->move("vm/a.vmx", "vm/c"));
  CHECK(*place->writer->read("vm/c") == "config");
  CHECK(place->writer->status("vm/a.vmx").error().kind == ErrorKind::missing);
  CHECK(place->writer->sync());
}

TEST_CASE("files and empty folders can be removed, and a folder lists what is left") {
  const auto place = any_place();
  REQUIRE(place->writer->make_folder("vm/new"));
  REQUIRE(place->writer->create("vm/new/x", "", {}));
  CHECK_FALSE(place->writer->remove_empty_folder("vm/new"));
  CHECK(*place->writer->list("vm/new") == std::vector<std::string>{"x"});
  CHECK(place->writer->remove_file("vm/new/x"));
  CHECK(place->writer->remove_empty_folder("vm/new"));
  CHECK(place->writer->list("vm/new").error().kind == ErrorKind::missing);
  CHECK(place->writer->remove_file("vm/new/x").error().kind == ErrorKind::missing);
}

TEST_CASE("a path that leads out is refused by whatever writes") {
  const auto place = any_place();
  for (const char* path : {"../out", "/etc/x", "vm/../../out"}) {
    CHECK(place->writer->create(path, "x", {}).error().kind == ErrorKind::outside);
    CHECK(place->writer->make_folder(path).error().kind == ErrorKind::outside);
    CHECK(place->writer->move("vm/a.vmx", path).error().kind == ErrorKind::outside);
    CHECK_FALSE(place->writer->replace("vm/a.vmx", path));
  }
  CHECK(*place->writer->read("vm/a.vmx") == "config");
}

TEST_CASE("any bytes of any length are written as they are") {
  const auto place = any_place();
  std::string bytes;
  for (int i = 0; i < 70'000; ++i) bytes.push_back(static_cast<char>(i % 257));
  for (const std::string& text :
       {bytes, std::string(3000, '\\'), std::string("%s\\n \\c'\"$(x)`y`\r\n\0end", 22), std::string()}) {
    REQUIRE(place->writer->create("vm/new", text, {}));
    CHECK(*place->writer->read("vm/new") == text);
    CHECK(place->writer->expect("vm/new", formats::core::sha256(text)));
    CHECK(place->writer->expect("vm/new", formats::core::sha256("other")).error().kind == ErrorKind::changed);
    REQUIRE(place->writer->remove_file("vm/new"));
  }
}

TEST_CASE("a batch ends where something fails, and says so") {
  const auto place = any_place();
  place->writer->begin_batch();
  Status done = place->writer->create("vm/new", "bytes", {});
  if (done) done = place->writer->create("vm/b", "again", {});
  if (done) done = place->writer->remove_file("vm/a.vmx");
  const Status ended = place->writer->end_batch();
  CHECK((done ? ended : done).error().kind == ErrorKind::usage);
  CHECK(*place->writer->read("vm/new") == "bytes");
  CHECK(*place->writer->read("vm/b") == "other");
  CHECK(*place->writer->read("vm/a.vmx") == "config");
  CHECK(place->writer->create("vm/next", "bytes", {}));
}

TEST_CASE("what was looked at in advance is forgotten with the next change") {
  const auto place = any_place();
  place->writer->look_ahead({{Question::Kind::content, "vm/a.vmx"}, {Question::Kind::status, "vm/none"}});
  CHECK(*place->writer->read("vm/a.vmx") == "config");
  CHECK(place->writer->status("vm/none").error().kind == ErrorKind::missing);
  REQUIRE(place->writer->create("vm/none", "new", {}));
  CHECK(place->writer->status("vm/none")->size_bytes == 3);
}

TEST_CASE("on a host nothing is changed once the lock is gone") {
  const auto place = on_a_host();
  REQUIRE(place->writer->create("vm/lock", {}, {}));
  place->writer->only_while("vm/lock");
  CHECK(place->writer->create("vm/c", "x", {}));
  std::filesystem::remove(place->folder / "vm/lock");
  CHECK(place->writer->move("vm/a.vmx", "vm/d").error().kind == ErrorKind::in_use);
  CHECK(std::filesystem::exists(place->folder / "vm/a.vmx"));
  place->writer->only_while({});
  CHECK(place->writer->move("vm/a.vmx", "vm/d"));
}

TEST_CASE("a link in the way is never written through") {
  const bool is_host = GENERATE(false, true);
  std::string name = (is_host ? support::Standin::instance().root() / "tmp/cbtctl-XXXXXX"
                              : std::filesystem::temp_directory_path() / "cbtctl-XXXXXX")
                         .string();
  const std::filesystem::path top = ::mkdtemp(name.data());
  std::filesystem::create_directories(top / "outside");
  std::filesystem::create_directories(top / "root/vm");
  std::ofstream(top / "outside/x.vmx") << "theirs";
  std::ofstream(top / "root/vm/y.vmx") << "ours";
  std::filesystem::create_symlink("../outside", top / "root/linked");
  std::filesystem::create_symlink("../../outside/x.vmx", top / "root/vm/x.vmx");
  std::unique_ptr<Writer> writer;
  if (is_host) {
    const std::string folder = "/tmp/" + top.filename().string() + "/root";
    writer = open_ssh_writer(support::Standin::instance().open(folder, SshTransport::shell).reader);
  } else {
    writer = std::move(*open_local_writer((top / "root").string()));
  }
  CHECK_FALSE(writer->create("linked/new", "x", {}));
  CHECK_FALSE(writer->make_folder("linked/.cbtctl"));
  CHECK_FALSE(writer->replace("vm/y.vmx", "vm/x.vmx"));
  CHECK_FALSE(writer->replace("vm/y.vmx", "linked/x.vmx"));
  CHECK_FALSE(writer->move("vm/y.vmx", "linked/y.vmx"));
  CHECK_FALSE(writer->keep("vm/x.vmx", "vm/kept"));
  CHECK_FALSE(writer->create("vm/x.vmx", "x", {}));
  CHECK_FALSE(writer->remove_file("linked/x.vmx"));
  std::ifstream theirs(top / "outside/x.vmx");
  CHECK(std::string(std::istreambuf_iterator<char>(theirs), {}) == "theirs");
  CHECK(std::distance(std::filesystem::directory_iterator(top / "outside"), {}) == 1);
  std::filesystem::remove_all(top);
}

TEST_CASE("memory forgets at a loss of power what was not synced") {
  support::MemoryDisk disk;
  disk.put("vm/a", "old");
  const auto writer = disk.writer();
  REQUIRE(writer->create("vm/b", "synced", {}));
  REQUIRE(writer->sync());
  REQUIRE(writer->create("vm/c", "four", {}));
  REQUIRE(writer->move("vm/c", "vm/d"));
  REQUIRE(writer->remove_file("vm/a"));
  CHECK(disk.unsynced() == 3);

  SECTION("all of it") {
    disk.lose_power([](std::size_t) { return false; });
    CHECK(*writer->read("vm/a") == "old");
    CHECK(*writer->read("vm/b") == "synced");
    CHECK_FALSE(writer->status("vm/d"));
  }
  SECTION("a part of it, and the bytes of a new file are half there") {
    disk.lose_power([](std::size_t change) { return change < 2; });
    CHECK(*writer->read("vm/a") == "old");
    CHECK(*writer->read("vm/d") == "fo");
  }
  SECTION("a part that makes no sense without the rest did not happen") {
    disk.lose_power([](std::size_t change) { return change == 1; });
    CHECK_FALSE(writer->status("vm/d"));
  }
}
