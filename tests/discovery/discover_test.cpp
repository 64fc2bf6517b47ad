#include <span>

#include "tests/support/catch.h"

#include "analysis/cbt_state.h"
#include "formats/vmdk/sparse.h"
#include "tests/support/datastore.h"

using cbtctl::analysis::classify;
using cbtctl::analysis::TrackingClass;
using cbtctl::model::PowerState;
using support::descriptor;
using support::Source;
using support::vmx;

namespace {

using Files = std::map<std::string, std::string>;

TrackingClass class_of(const support::Datastore& datastore, const std::string& path) {
  for (const auto& tracking : datastore.tracking_files) {
    if (datastore.files[tracking.file].path == path) return classify(datastore, tracking);
  }
  FAIL("no CTK file " + path);
  return TrackingClass::orphan;
}

PowerState power(const std::string& more, const Files& others = {}) {
  Files files{{"x/x.vmx", "config.version = \"8\"\n" + more}};
  files.insert(others.begin(), others.end());
  return support::scan(files).virtual_machines[0].power.state;
}

const auto active_file = [](const support::Datastore& datastore) {
  return datastore.virtual_machines[0].disks[0].chain[0].reference;
};

}  // namespace

TEST_CASE("CTK files are classed by who names them and what stands beside them") {
  const auto datastore = support::scan({{"x/x.vmdk", descriptor("x-flat.vmdk", "x-ctk.vmdk")},
                                        {"x/x-ctk.vmdk", support::tracking()},
                                        {"x/y.vmdk", descriptor("y-flat.vmdk")},
                                        {"x/y-ctk.vmdk", support::tracking()},
                                        {"x/z-ctk.vmdk", ""},
                                        {"x/x-000001-ctk.vmdk", support::tracking()},
                                        {"x/renamed.vmdk", support::tracking()},
                                        {"x/guest-flat.vmdk", support::tracking()},
                                        {"x/SHOUTED-DELTA.VMDK", support::tracking()},
                                        {"x/q.vmdk", descriptor("q-ctk.vmdk")},
                                        {"x/q-ctk.vmdk", support::tracking()},
                                        {"x/w-ctk.vmdk", descriptor("w-flat.vmdk")}});
  CHECK(class_of(datastore, "x/x-ctk.vmdk") == TrackingClass::in_use);
  CHECK(class_of(datastore, "x/y-ctk.vmdk") == TrackingClass::leftover);
  CHECK(class_of(datastore, "x/z-ctk.vmdk") == TrackingClass::orphan);
  CHECK(class_of(datastore, "x/x-000001-ctk.vmdk") == TrackingClass::orphan_snapshot);
  CHECK(class_of(datastore, "x/renamed.vmdk") == TrackingClass::orphan);
  CHECK(datastore.tracking_files.size() == 5);  // what a disk calls its data, or is called like it, is data
}

TEST_CASE("a CTK file too short for its header is one all the same") {
  const auto datastore = support::scan({{"x/renamed.vmdk", support::tracking().substr(0, 100)},
                                        {"x/short-ctk.vmdk", support::tracking().substr(0, 100)}});
  REQUIRE(datastore.tracking_files.size() == 2);
  for (const auto& tracking : datastore.tracking_files) {
    CHECK(datastore.files[tracking.file].kind == formats::FileKind::ctk);
    CHECK_FALSE(tracking.header);
    CHECK(classify(datastore, tracking) == TrackingClass::orphan);
  }
}

TEST_CASE("who names a CTK file is told by path, in whatever order they were read") {
  const auto datastore = support::scan({{"x/a-flat.vmdk", descriptor("b-flat.vmdk", "x-ctk.vmdk")},
                                        {"x/b.vmdk", descriptor("c-flat.vmdk", "x-ctk.vmdk")},
                                        {"x/x-ctk.vmdk", support::tracking()}});
  REQUIRE(datastore.tracking_files.size() == 1);
  std::vector<std::string> names;
  for (const auto index : datastore.tracking_files[0].named_by) {
    names.push_back(datastore.files[datastore.descriptors[index].file].path);
  }
  CHECK(names == std::vector<std::string>{"x/a-flat.vmdk", "x/b.vmdk"});
}

TEST_CASE("nothing is said of a folder by the name of a disk whose CTK file is none") {
  const Files folder{{"x/x.vmdk/inside", ""}};
  const auto has_folder = [](const support::Datastore& datastore) {
    return std::any_of(datastore.files.begin(), datastore.files.end(),
                       [](const auto& file) { return file.path == "x/x.vmdk"; });
  };
  Files files{{"x/x-ctk.vmdk", descriptor("x-flat.vmdk")}};
  files.insert(folder.begin(), folder.end());
  CHECK_FALSE(has_folder(support::scan(files)));
  files["x/x-ctk.vmdk"] = support::tracking();
  CHECK(has_folder(support::scan(files)));
}

TEST_CASE("of two snapshot lists by a machine's name the first is its own") {
  const auto list = [](const std::string& uid) { return "snapshot.lastUID = \"" + uid + "\"\n"; };
  const auto datastore = support::scan({{"x/x.vmx", vmx("x.vmdk")}, {"x/x.VMSD", list("1")}, {"x/x.vmsd", list("2")}});
  REQUIRE(datastore.snapshot_files.size() == 2);
  const auto& own = datastore.snapshot_files[datastore.virtual_machines[0].snapshot_file.value()];
  CHECK(datastore.files[own.file].path == "x/x.VMSD");
}

TEST_CASE("a backup copy of a descriptor protects what it names") {
  const auto datastore =
      support::scan({{"x/x.vmdk~", descriptor("x-flat.vmdk", "x-ctk.vmdk")}, {"x/x-ctk.vmdk", support::tracking()}});
  CHECK(class_of(datastore, "x/x-ctk.vmdk") == TrackingClass::in_use);
  CHECK_FALSE(datastore.descriptors[0].judged);
}

TEST_CASE("an absolute path is found by its longest tail, if there is just one such file") {
  const Files disk{{"far/d.vmdk", descriptor("d-flat.vmdk")}};
  Files files{{"x/x.vmx", vmx("/vmfs/volumes/u-1/far/d.vmdk")}, {"far/d.vmdk", disk.at("far/d.vmdk")}};
  CHECK(active_file(support::scan(files)).by_tail);
  const auto twice = support::scan({{"/mnt/a", {files, {}, {}}}, {"/mnt/b", {disk, {}, {}}}});
  CHECK_FALSE(active_file(twice).file);
}

TEST_CASE("a working directory below the volume itself is found by its name, if there is just one such folder") {
  const Files files{{"x/x.vmx", vmx("/vmfs/volumes/u/w/x-1.vmdk", "workingDir = \"/vmfs/volumes/u/w\"\n")},
                    {"w/x-1.vmdk", descriptor("x-1-flat.vmdk", {}, "/vmfs/volumes/u/w/x.vmdk")},
                    {"w/x.vmdk", descriptor("x-flat.vmdk")}};
  const auto found = support::scan(files);
  const auto& chain = found.virtual_machines[0].disks[0].chain;
  REQUIRE(chain.size() == 2);
  CHECK(chain[1].own);
  Files relative = files;
  relative["w/x-1.vmdk"] = descriptor("x-1-flat.vmdk", {}, "x.vmdk");
  const auto led = support::scan(relative);
  CHECK(led.virtual_machines[0].disks[0].chain[1].own);
  CHECK(led.virtual_machines[0].disks[0].chain[1].reference.by_tail);  // no change rests on that
  const auto twice = support::scan({{"/mnt/a", {files, {}, {}}}, {"/mnt/b", {{{"w/other", ""}}, {}, {}}}});
  CHECK(twice.virtual_machines[0].disks[0].chain[1].reference.by_tail);
}

TEST_CASE("a descriptor is found however far in a sparse file it is embedded, up to a mebibyte") {
  const std::size_t sector = GENERATE(1U, 109U, 127U, 128U, 2000U, 2028U);
  const std::string text = descriptor("x.vmdk", "x-ctk.vmdk");
  std::string file(2U << 20U, '\0');
  file.replace(0, 4, "KDMV");
  const auto put = [&](std::size_t at, std::uint64_t number) {
    for (std::size_t i = 0; i < 8; ++i) file[at + i] = static_cast<char>(number >> (8 * i));
  };
  put(28, sector);
  put(36, 20);
  file.replace(512 * sector, text.size(), text);
  const auto datastore = support::scan({{"x/x.vmdk", file}});
  REQUIRE(datastore.descriptors.size() == 1);
  CHECK(datastore.descriptors[0].content.change_track_path == "x-ctk.vmdk");
}

TEST_CASE("one that ends behind all that is read is told, by a scan as by who reads that file alone") {
  constexpr std::size_t last = formats::vmdk::max_embedded_end_bytes / 512 - 20;
  const std::size_t sector = last + GENERATE(0U, 1U, 10000U);
  const std::string text = descriptor("x.vmdk", "x-ctk.vmdk");
  std::string file(12U << 20U, '\0');
  file.replace(0, 4, "KDMV");
  for (std::size_t i = 0; i < 8; ++i) file[28 + i] = static_cast<char>(sector >> (8 * i));
  file[36] = 20;
  file.replace(512 * sector, text.size(), text);
  const auto datastore = support::scan({{"x/x.vmdk", file}, {"x/x.vmx", vmx("x.vmdk")}});
  const auto alone = formats::vmdk::decode_sparse(formats::core::SpanSource(std::as_bytes(std::span(file))));
  CHECK(datastore.descriptors.size() == (sector == last ? 1U : 0U));
  CHECK(alone.has_value() == (sector == last));
  if (alone) return;
  const auto& scanned = datastore.files[*active_file(datastore).file].error;
  REQUIRE(scanned);
  CHECK(scanned->message == alone.error().message);
  CHECK(scanned->message.find("its descriptor ends at byte") == 0);
}

TEST_CASE("an extent has its size whatever it is called") {
  const std::string name = GENERATE("data.vmdk", "x.VMDK", "x-ctk.vmdk", "x.img", "x-flat.vmdk");
  const std::string kind = GENERATE("VMFS", "VMFSSPARSE");
  std::string text = descriptor(name);
  text.replace(text.find(" VMFS "), 6, " " + kind + " ");
  const auto datastore = support::scan({{"x/y.vmdk", text}, {"x/" + name, std::string(70000, 'x')}});
  REQUIRE(datastore.descriptors.size() == 1);
  CHECK(datastore.files[datastore.descriptors[0].extents[0].reference->file.value()].size_bytes == 70000U);
}

TEST_CASE("where a volume's identity is known its name decides and no tail does") {
  const Files files{{"x/x.vmx", vmx("/vmfs/volumes/ds2/far/d.vmdk")}, {"far/d.vmdk", descriptor("d-flat.vmdk")}};
  CHECK_FALSE(active_file(support::scan({{"/vmfs/volumes/ds1", {files, {}, {}}}})).file);
  const auto found = active_file(support::scan({{"/vmfs/volumes/ds2", {files, {}, {}}}}));
  CHECK(found.file);
  CHECK_FALSE(found.by_tail);
}

TEST_CASE("below /vmfs/volumes a datastore is visited once, under its name") {
  support::MemoryPlace place{
      {{"u-1/x/x.vmx", vmx("/vmfs/volumes/u-1/x/x.vmdk")}, {"u-1/x/x.vmdk", descriptor("x-flat.vmdk")}},
      {{"ds1", "u-1"}},
      {}};
  const auto datastore = support::scan({{"/vmfs/volumes", place}});
  REQUIRE(datastore.virtual_machines.size() == 1);
  CHECK(datastore.files[datastore.virtual_machines[0].file].path == "ds1/x/x.vmx");
  REQUIRE(active_file(datastore).file);
  CHECK(datastore.files[*active_file(datastore).file].path == "ds1/x/x.vmdk");
}

TEST_CASE("a target inside another is reported once, with all that see it") {
  const Files inner{{"x.vmx", vmx("x.vmdk")}, {"x.vmdk", descriptor("x-flat.vmdk")}};
  const Files outer{{"x/x.vmx", inner.at("x.vmx")}, {"x/x.vmdk", inner.at("x.vmdk")}};
  const auto datastore = support::scan({{"/mnt/ds", {outer, {}, {}}}, {"/mnt/ds/x", {inner, {}, {}}}});
  REQUIRE(datastore.virtual_machines.size() == 1);
  CHECK(datastore.virtual_machines[0].seen_by == std::vector<std::size_t>{0, 1});
}

TEST_CASE("a .vmx beside the folder that holds it is one machine, and so are two .vmx of one folder") {
  const Files inner{{"x.vmx", vmx("x.vmdk", support::both_keys)},
                    {"x.vmdk", descriptor("x-flat.vmdk", "x-ctk.vmdk")},
                    {"x-ctk.vmdk", support::tracking()},
                    {"y.vmx", vmx("y.vmdk")},
                    {"deep/z.vmx", vmx("z.vmdk")}};
  Files outer;
  for (const auto& [path, content] : inner) outer["x/" + path] = content;
  const Source file{"/mnt/ds/x", {inner, {}, {}}, "x.vmx"};
  const Source folder{"/mnt/ds", {outer, {}, {}}};
  const auto machines = [](const support::Datastore& datastore) {
    std::vector<std::string> found;
    for (const auto& machine : datastore.virtual_machines) {
      if (!machine.is_targeted) continue;
      const auto& at = datastore.files[machine.file];
      found.push_back(std::to_string(at.target) + " " + at.path);
    }
    return found;
  };
  using Names = std::vector<std::string>;
  using Sources = std::vector<Source>;
  CHECK(machines(support::scan(Sources{file})) == Names{"0 x.vmx"});
  CHECK(support::scan(Sources{file}).virtual_machines.size() == 2);  // the neighbour tells whose its files are
  const auto folder_first = support::scan(Sources{folder, file});
  CHECK(machines(folder_first) == Names{"0 x/deep/z.vmx", "0 x/x.vmx", "0 x/y.vmx"});
  CHECK(folder_first.virtual_machines[1].seen_by == std::vector<std::size_t>{0, 1});
  CHECK(folder_first.virtual_machines[2].seen_by == std::vector<std::size_t>{0});
  const auto file_first = support::scan(Sources{file, folder});
  CHECK(machines(file_first) == Names{"0 x.vmx", "0 y.vmx", "1 x/deep/z.vmx"});
  CHECK(file_first.virtual_machines[0].seen_by == std::vector<std::size_t>{0, 1});
  CHECK(file_first.tracking_files.size() == 1);
  Source other = file;
  other.only_vmx = "y.vmx";
  CHECK(machines(support::scan(Sources{file, other})) == Names{"0 x.vmx", "0 y.vmx"});
}

TEST_CASE("a link that leads out is outside the scan, one that stays inside is its file") {
  const Files files{{"x/x.vmx", vmx("link.vmdk")}, {"y/y.vmdk", descriptor("y-flat.vmdk")}};
  CHECK_FALSE(active_file(support::scan({{"/mnt/ds", {files, {{"x/link.vmdk", "/etc/passwd"}}, {}}}})).file);
  const auto inside = support::scan({{"/mnt/ds", {files, {{"x/link.vmdk", "../y/y.vmdk"}}, {}}}});
  REQUIRE(active_file(inside).file);
  CHECK(inside.files[*active_file(inside).file].path == "y/y.vmdk");
}

TEST_CASE("a folder that cannot be read is told and the rest goes on") {
  const Files files{{"a/a.vmx", vmx("a.vmdk")}, {"b/b.vmx", vmx("b.vmdk")}};
  const auto datastore = support::scan({{"/mnt/ds", {files, {}, {{"a", formats::core::ErrorKind::denied}}}}});
  CHECK(datastore.virtual_machines.size() == 1);
  REQUIRE(datastore.unreadable_folders.size() == 1);
  CHECK(datastore.unreadable_folders[0].path == "a");
  CHECK_FALSE(datastore.targets[0].error);
}

TEST_CASE("a target that cannot be listed has that for its error, and is a folder that was not read") {
  const auto datastore = support::scan({{"/mnt/ds", {{}, {}, {{"", formats::core::ErrorKind::denied}}}}});
  REQUIRE(datastore.targets[0].error);
  CHECK(datastore.targets[0].error->message.starts_with("/mnt/ds: "));
  CHECK(datastore.unreadable_folders.size() == 1);  // what it holds could name any CTK file
}

TEST_CASE("a quarantine is listed and never scanned") {
  const auto datastore =
      support::scan({{"x/.cbtctl/run-1/x-ctk.vmdk", support::tracking()}, {"x/.cbtctl/run-1/x.vmx", vmx("x.vmdk")}});
  CHECK(datastore.virtual_machines.empty());
  CHECK(datastore.tracking_files.empty());
  REQUIRE(datastore.quarantine.size() == 1);
  CHECK(datastore.quarantine[0].runs == std::vector<std::string>{"run-1"});
}

TEST_CASE("a chain that comes back to itself ends") {
  const auto datastore = support::scan({{"x/x.vmx", vmx("a.vmdk")},
                                        {"x/a.vmdk", descriptor("a-d.vmdk", {}, "b.vmdk")},
                                        {"x/b.vmdk", descriptor("b-d.vmdk", {}, "a.vmdk")}});
  CHECK(datastore.virtual_machines[0].disks[0].loops);
  CHECK(datastore.virtual_machines[0].disks[0].chain.size() == 2);
}

TEST_CASE("off needs proof, and the signs of running are none of being off") {
  CHECK(power("cleanShutdown = \"TRUE\"\n") == PowerState::off);
  CHECK(power("") == PowerState::off);
  CHECK(power("", {{"x/vmware.log", ""}}) == PowerState::unknown);
  CHECK(power("cleanShutdown = \"FALSE\"\n") == PowerState::unknown);
  CHECK(power("cleanShutdown = \"TRUE\"\n", {{"x/x.vmx.lck", ""}}) == PowerState::unknown);
  CHECK(power("cleanShutdown = \"FALSE\"\n", {{"x/x.vmx.lck", ""}, {"x/x-1a2b3c4d.vswp", ""}}) == PowerState::on);
  CHECK(power("cleanShutdown = \"TRUE\"\n", {{"x/.lck-0011223344556677", ""}}) == PowerState::unknown);
  CHECK(power("cleanShutdown = \"TRUE\"\ncheckpoint.vmState = \"x.vmss\"\n") == PowerState::suspended);
  CHECK(power("cleanShutdown = \"TRUE\"\n", {{"x/x.vmx~", ""}}) == PowerState::off);
  CHECK(power("cleanShutdown = \"TRUE\"\ncleanShutdown = \"FALSE\"\n") == PowerState::unknown);
  const std::string twice = "checkpoint.vmState = \"\"\ncheckpoint.vmState = \"x.vmss\"\n";
  CHECK(power("cleanShutdown = \"TRUE\"\n" + twice) == PowerState::unknown);
}

TEST_CASE("a filer's folders are told and not entered, unless the target lies in one") {
  const Files files{{"web/web.vmx", vmx("web.vmdk")},
                    {".snapshot/daily/web/web.vmx", vmx("web.vmdk")},
                    {"web/@eaDir/web.vmx", vmx("web.vmdk")},
                    {"snapshot/web.vmx", vmx("web.vmdk")}};
  const auto datastore = support::scan(files);
  CHECK(datastore.virtual_machines.size() == 2);
  CHECK(datastore.targets[0].not_entered == std::vector<std::string>{".snapshot", "web/@eaDir"});
  const auto inside = support::scan(std::vector<Source>{{"/mnt/ds/.snapshot/daily", {files, {}, {}}}});
  CHECK(inside.virtual_machines.size() == 4);
  CHECK(inside.targets[0].not_entered.empty());
}

TEST_CASE("what lies in a filer's folder is outside the scan, not missing") {
  const auto datastore = support::scan({{"web/web.vmx", vmx("../.snapshot/daily/web.vmdk")}});
  CHECK_FALSE(active_file(datastore).file);
}

TEST_CASE("a CTK file has its disk in any letter case, and also when it was put aside") {
  const auto datastore = support::scan({{"x/x.VMDK", descriptor("x-flat.vmdk")},
                                        {"x/x-ctk.vmdk", support::tracking()},
                                        {"x/y.vmdk", descriptor("y-flat.vmdk")},
                                        {"x/y-ctk.vmdk.old", support::tracking()},
                                        {"x/z.vmdk", descriptor("z-flat.vmdk")},
                                        {"x/Z.vmdk", descriptor("z-flat.vmdk")},
                                        {"x/z-ctk.vmdk", support::tracking()}});
  CHECK(class_of(datastore, "x/x-ctk.vmdk") == TrackingClass::leftover);
  CHECK(class_of(datastore, "x/y-ctk.vmdk.old") == TrackingClass::leftover);
  for (const auto& tracking : datastore.tracking_files) {
    if (datastore.files[tracking.file].path == "x/z-ctk.vmdk")
      CHECK(datastore.files[tracking.disk.value()].path == "x/z.vmdk");
  }
}

TEST_CASE("a snapshot list is a machine's in any letter case, unless it is another's by its exact name") {
  const auto one = support::scan({{"x/X.vmx", vmx("x.vmdk")}, {"x/x.vmsd", "snapshot.lastUID = \"1\"\n"}});
  CHECK(one.virtual_machines[0].snapshot_file);
  const auto two = support::scan(
      {{"x/X.vmx", vmx("x.vmdk")}, {"x/x.vmx", vmx("x.vmdk")}, {"x/x.vmsd", "snapshot.lastUID = \"1\"\n"}});
  CHECK_FALSE(two.virtual_machines[0].snapshot_file);
  CHECK(two.virtual_machines[1].snapshot_file);
}

TEST_CASE("a file that one place refuses is asked of the others that reach it; the first error stands if all refuse") {
  using support::storage::ErrorKind;
  const Files files{{"x/x.vmx", vmx("x.vmdk")}, {"x/x.vmdk", descriptor("x-flat.vmdk")}};
  const auto seen = [&](std::map<std::string, ErrorKind> first, std::map<std::string, ErrorKind> second) {
    return support::scan(std::vector<Source>{{"/mnt/ds", {files, {}, std::move(first)}},
                                             {"/mnt/ds/x", {{{"x.vmx", files.at("x/x.vmx")}}, {}, std::move(second)}}});
  };
  const auto helped = seen({{"x/x.vmx", ErrorKind::in_use}}, {});
  REQUIRE(helped.virtual_machines.size() == 1);
  CHECK_FALSE(helped.virtual_machines[0].unreadable);
  CHECK(helped.virtual_machines[0].disks.size() == 1);
  const auto refused = seen({{"x/x.vmx", ErrorKind::in_use}}, {{"x.vmx", ErrorKind::denied}});
  REQUIRE(refused.virtual_machines[0].unreadable);
  CHECK(refused.virtual_machines[0].unreadable->kind == ErrorKind::in_use);
  const auto alone = support::scan(std::vector<Source>{{"/mnt/ds", {files, {}, {{"x/x.vmx", ErrorKind::in_use}}}}});
  CHECK(alone.virtual_machines[0].unreadable);
}
