#include "tests/support/catch.h"

#include <mutex>

#include "discovery/rescan.h"
#include "tests/support/findings.h"

using namespace support;
using cbtctl::discovery::FolderGroups;
using cbtctl::discovery::Folders;
using cbtctl::discovery::Place;

namespace {

// A place in memory whose files can be changed between two looks.
struct Moving {
  Files files;
  Place place;
  explicit Moving(Files given) : files(std::move(given)) {
    place.target.location = "/mnt/ds";
    place.roots = {"/mnt/ds"};
    open();
  }
  void open() { place.reader = open_memory({files, {}, {}}); }
  [[nodiscard]] Datastore scan() const { return cbtctl::discovery::discover({place}, {}); }
};

Files two_machines() {
  Files files = with_snapshot();
  for (const auto& [path, content] : healthy()) {
    std::string other = path;
    other.replace(0, 1, "y");
    files[other] = content;
  }
  return files;
}

// Of a machine.
Folders folders_around(const Datastore& datastore, std::size_t machine) {
  return FolderGroups(datastore).around({datastore.files[datastore.virtual_machines[machine].file]});
}

bool has(const Datastore& datastore, const std::string& path) {
  return std::any_of(datastore.files.begin(), datastore.files.end(),
                     [&](const auto& file) { return file.path == path && file.exists; });
}

}  // namespace

TEST_CASE("of a machine its folder and those of its disks are read again, and no other") {
  Moving moving(two_machines());
  const Datastore first = moving.scan();
  const Folders folders = folders_around(first, 0);
  CHECK(folders == Folders{{"x"}});
  const Datastore now = cbtctl::discovery::rescan(first, folders, {moving.place}, {});
  CHECK(now.virtual_machines.size() == 1);
  CHECK(has(now, "x/x.vmdk"));
  CHECK_FALSE(has(now, "y/x.vmdk"));
}

TEST_CASE("whoever names a file of the machine is read again with it") {
  const Files files = with(healthy(), {{"clone/c.vmx", vmx("c-000001.vmdk")},
                                       {"clone/c-000001.vmdk", small_delta("c-000001-delta.vmdk", "../x/x.vmdk")},
                                       {"clone/c-000001-delta.vmdk", small_cowd()}});
  Moving moving(files);
  const Datastore first = moving.scan();
  CHECK(folders_around(first, 1) == Folders{{"clone", "x"}});
}

TEST_CASE("two disks of one ddb.uuid are read again together, whatever its letter case") {
  const std::string uuid = "60 00 C2 9a";
  const Files files = {{"x/x.vmx", vmx("x.vmdk")},
                       {"x/x.vmdk", small_descriptor("x-flat.vmdk", {}, "ddb.uuid = \"" + uuid + "\"\n")},
                       {"y/y.vmx", vmx("y.vmdk")},
                       {"y/y.vmdk", small_descriptor("y-flat.vmdk", {}, "ddb.uuid = \"60 00 c2 9A\"\n")}};
  CHECK(folders_around(scan(files), 0) == Folders{{"x", "y"}});
  CHECK(check(files).count("disk-uuid-twice") == 1);
}

TEST_CASE("what a later look found to lead to another folder is read again with it") {
  const Files files = with(two_machines(), {{"x/x.vmx", vmx("x.vmdk")}});
  const Datastore first = scan(files);
  FolderGroups groups(first);
  const std::vector<cbtctl::model::File> about{{.target = 0, .path = "x/x.vmx"}};
  CHECK(groups.around(about) == Folders{{"x"}});
  groups.add(scan(with(files, {{"x/x.vmx", vmx("../y/x.vmdk")}})));
  CHECK(groups.around(about) == Folders{{"x", "y"}});
}

TEST_CASE("a folder that is gone with what lay in it is not asked for again: the file stays missing") {
  Moving moving(without(
      with(with_snapshot(), {{"x/x-000001.vmdk", small_delta("x-000001-delta.vmdk", "../gone/g.vmdk")}}), "x/x.vmsd"));
  const Datastore first = moving.scan();
  const Folders folders = folders_around(first, 0);
  CHECK(folders == Folders{{"x"}});
  CHECK(check(cbtctl::discovery::rescan(first, folders, {moving.place}, {})).has("chain-parent-missing"));
}

TEST_CASE("what was told of power and hosts is kept, what the files say is new") {
  Moving moving(two_machines());
  Datastore first = moving.scan();
  first.virtual_machines[0].power.state = cbtctl::model::PowerState::on;
  first.targets[0].host = cbtctl::model::HostFacts{"VMware ESXi", "8.0.2", "22380479"};
  moving.files["x/x.vmx"] = vmx("x.vmdk", both_keys);
  moving.open();
  const Datastore now = cbtctl::discovery::rescan(first, {{"x"}}, {moving.place}, {});
  REQUIRE(now.virtual_machines.size() == 1);
  CHECK(now.virtual_machines[0].power.state == cbtctl::model::PowerState::on);
  CHECK(now.targets[0].host);
  CHECK(now.virtual_machines[0].disks[0].settings.file_name == "x.vmdk");
}

TEST_CASE("a place without such folders is not asked") {
  Moving moving(two_machines());
  Moving other(Files{{"z/z.vmx", vmx("z.vmdk")}});
  other.place.target.location = "/mnt/other";
  other.place.roots = {"/mnt/other"};
  const std::vector<Place> places{moving.place, other.place};
  const Datastore first = cbtctl::discovery::discover(places, {});
  const Datastore now = cbtctl::discovery::rescan(first, {{"x"}, {}}, places, {});
  CHECK(now.virtual_machines.size() == 1);
  CHECK_FALSE(now.targets[1].error);
}
