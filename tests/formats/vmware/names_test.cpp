#include "formats/vmware/names.h"

#include <optional>
#include <string_view>
#include <vector>
#include "tests/support/catch.h"

using namespace formats::vmware;

namespace {

struct NameCase {
  std::string_view name;
  NameKind kind;
  std::string_view stem;
  std::optional<unsigned> number = std::nullopt;
};

void check_names(const std::vector<NameCase>& cases) {
  for (const NameCase& each : cases) {
    INFO(each.name);
    const Name name = parse_name(each.name);
    CHECK(static_cast<int>(name.kind) == static_cast<int>(each.kind));
    CHECK(name.stem == each.stem);
    CHECK(name.number == each.number);
  }
}

}  // namespace

TEST_CASE("a name is an ending and what stands before it") {
  check_names({{"web01.vmx", NameKind::configuration, "web01"},
               {"web01.vmtx", NameKind::machine_template, "web01"},
               {"web01.vmsd", NameKind::snapshot_list, "web01"},
               {"web01.vmdk", NameKind::disk, "web01"},
               {"web01_1.vmdk", NameKind::disk, "web01_1"},
               {"web01-ctk.vmdk", NameKind::tracking, "web01"},
               {"web01-flat.vmdk", NameKind::flat, "web01"},
               {"web01-delta.vmdk", NameKind::delta, "web01"},
               {"web01-sesparse.vmdk", NameKind::sesparse, "web01"},
               {"web01-rdm.vmdk", NameKind::rdm, "web01"},
               {"web01-rdmp.vmdk", NameKind::rdmp, "web01"},
               {"web01-digest.vmdk", NameKind::digest, "web01"},
               {"web01-f012.vmdk", NameKind::flat_piece, "web01"},
               {"web01-s001.vmdk", NameKind::sparse_piece, "web01"},
               {"web01.vmdk.REDO_a1b2c3", NameKind::redo_log, "web01"},
               {"web01.vmx.lck", NameKind::lock, "web01.vmx"},
               {".lck-3409000000000000", NameKind::nfs_lock, ""},
               {"web01-6f2a.vswp", NameKind::swap, "web01-6f2a"},
               {"vmware.log", NameKind::other, "vmware"},
               {"web01.vmdk.bak", NameKind::other, "web01.vmdk"}});
}

TEST_CASE("the case of letters does not count") {
  check_names({{"WEB.VMX", NameKind::configuration, "WEB"},
               {"Web-CTK.vmdk", NameKind::tracking, "Web"},
               {"web-ctk.VMDK", NameKind::tracking, "web"},
               {"WEB-000001-SESPARSE.VMDK", NameKind::sesparse, "WEB-000001", 1},
               {"web-S001.vmdk", NameKind::sparse_piece, "web"},
               {"web.VMDK.redo_x", NameKind::redo_log, "web"},
               {"web.vmx.LCK", NameKind::lock, "web.vmx"},
               {".LCK-1", NameKind::nfs_lock, ""},
               {"WEB.VSWP", NameKind::swap, "WEB"}});
}

TEST_CASE("the number of a snapshot has six digits and stands at the end of the stem") {
  check_names({{"web-000001.vmdk", NameKind::disk, "web-000001", 1},
               {"web-000001-delta.vmdk", NameKind::delta, "web-000001", 1},
               {"web-999999-ctk.vmdk", NameKind::tracking, "web-999999", 999999},
               {"web-000000.vmdk", NameKind::disk, "web-000000", 0},
               {"web-000002-s003.vmdk", NameKind::sparse_piece, "web-000002", 2},
               {"-000001.vmdk", NameKind::disk, "-000001", 1},
               {"web-00001.vmdk", NameKind::disk, "web-00001"},
               {"web-0000001.vmdk", NameKind::disk, "web-0000001"},
               {"web000001.vmdk", NameKind::disk, "web000001"},
               {"web-00000a.vmdk", NameKind::disk, "web-00000a"},
               {"web-000001.vmx", NameKind::configuration, "web-000001"}});
}

TEST_CASE("only the last part of a name says what it is") {
  check_names({{"web-flat-ctk.vmdk", NameKind::tracking, "web-flat"},
               {"web-ctk-flat.vmdk", NameKind::flat, "web-ctk"},
               {"web-ctk-old.vmdk", NameKind::disk, "web-ctk-old"},
               {"web-ctk.vmdk.old", NameKind::other, "web-ctk.vmdk"},
               {"web-ctk", NameKind::other, "web-ctk"},
               {"web-s01.vmdk", NameKind::disk, "web-s01"},
               {"web-x001.vmdk", NameKind::disk, "web-x001"},
               {"web-s00a.vmdk", NameKind::disk, "web-s00a"},
               {"web.vmx.REDO_x", NameKind::other, "web.vmx"},
               {"web.lck-1", NameKind::other, "web"}});
}

TEST_CASE("a stem may be empty, and a name may have no extension or be one character") {
  check_names({{"", NameKind::other, ""},
               {"x", NameKind::other, "x"},
               {".", NameKind::other, ""},
               {"-", NameKind::other, "-"},
               {"noextension", NameKind::other, "noextension"},
               {".vmx", NameKind::configuration, ""},
               {".vmdk", NameKind::disk, ""},
               {"-.vmdk", NameKind::disk, "-"},
               {"-ctk.vmdk", NameKind::tracking, ""},
               {"ctk.vmdk", NameKind::disk, "ctk"},
               {"flat.vmdk", NameKind::disk, "flat"},
               {"s001.vmdk", NameKind::disk, "s001"},
               {".vmdk.REDO_", NameKind::redo_log, ""},
               {".lck", NameKind::lock, ""},
               {".lck-", NameKind::nfs_lock, ""},
               {"x.", NameKind::other, "x"}});
}

TEST_CASE("a name need not be UTF-8") {
  check_names({{"caf\xe9-ctk.vmdk", NameKind::tracking, "caf\xe9"},
               {"\xff\xfe-000003.vmdk", NameKind::disk, "\xff\xfe-000003", 3},
               {"x.vm\xe4k", NameKind::other, "x"},
               {"x-\xe6tk.vmdk", NameKind::disk, "x-\xe6tk"},
               {std::string_view("a\0b-flat.vmdk", 13), NameKind::flat, std::string_view("a\0b", 3)}});
}

TEST_CASE("a disk and its CTK file tell each other's name") {
  CHECK(tracking_of_disk("web.vmdk") == "web-ctk.vmdk");
  CHECK(tracking_of_disk("a.b/web-000001.VMDK") == "a.b/web-000001-ctk.vmdk");
  CHECK(tracking_of_disk("web-flat.vmdk") == "web-flat-ctk.vmdk");
  CHECK(tracking_of_disk("web.vmdk.bak").empty());
  CHECK(tracking_of_disk("web").empty());
  CHECK(tracking_of_disk("").empty());
  CHECK(disk_of_tracking("web-000001-ctk.vmdk") == "web-000001.vmdk");
  CHECK(disk_of_tracking("a/web-CTK.VMDK") == "a/web.vmdk");
  CHECK(disk_of_tracking("a/-ctk.vmdk") == "a/.vmdk");
  CHECK(disk_of_tracking("a/web-ctk.vmdk.old") == "a/web.vmdk");
  CHECK(disk_of_tracking("web-ctk-CTK.vmdk~") == "web-ctk.vmdk");
  CHECK(disk_of_tracking("web-ctk.vmdk.d/web.vmdk").empty());
  CHECK(disk_of_tracking("web-ctk.vmdkx").empty());
  CHECK(disk_of_tracking("web.vmdk").empty());
  CHECK(disk_of_tracking("ctk.vmdk").empty());
  CHECK(disk_of_tracking("a/ctk.vmdk").empty());
}

TEST_CASE("one extent has a whole disk's data where it is flat, delta or sesparse") {
  for (const char* name : {"x-flat.vmdk", "x-DELTA.vmdk", "x-sesparse.vmdk"})
    CHECK(is_whole_extent(parse_name(name).kind));
  for (const char* name : {"x.vmdk", "x-ctk.vmdk", "x-rdm.vmdk", "x-s001.vmdk", "x-digest.vmdk", "x.vmx"})
    CHECK_FALSE(is_whole_extent(parse_name(name).kind));
}

TEST_CASE("of a path its last part is the name") {
  CHECK(names_a_configuration("a/WEB.VMX"));
  CHECK(names_a_configuration("web.vmtx"));
  CHECK_FALSE(names_a_configuration("web.vmx/disk.vmdk"));
  CHECK_FALSE(names_a_configuration("web.vmxf"));
  CHECK(is_called_vmdk("a/x-flat.VMDK"));
  CHECK_FALSE(is_called_vmdk("vmdk"));
  CHECK(mentions_a_disk("x.VMDK~"));
  CHECK(mentions_a_disk("x.v.vmdk.bak"));
  CHECK_FALSE(mentions_a_disk("x.vmd"));
  CHECK_FALSE(mentions_a_disk(""));
  CHECK(mentions_a_digest("x-DIGEST-flat.vmdk"));
  CHECK_FALSE(mentions_a_digest("digest.vmdk"));
  CHECK(lock_of("a/web.vmx") == "a/web.vmx.lck");
}

TEST_CASE("a path below /vmfs/volumes is a volume and what lies on it") {
  const auto file = parse_volume_path("/vmfs/volumes/ds1/web01/web01.vmx");
  REQUIRE(file);
  CHECK(file->volume == "ds1");
  CHECK(file->path == "web01/web01.vmx");
  CHECK(volume_path(file->volume, file->path) == "/vmfs/volumes/ds1/web01/web01.vmx");
  const auto volume = parse_volume_path("/vmfs/volumes/my ds");
  REQUIRE(volume);
  CHECK(volume->volume == "my ds");
  CHECK(volume->path.empty());
  CHECK(volume_path("my ds", {}) == "/vmfs/volumes/my ds");
  CHECK(parse_volume_path("/vmfs/volumes/ds1/")->path.empty());
  for (const char* other : {"", "/", "/vmfs", "/vmfs/volumes", "/vmfs/volumes/", "/vmfs/volumes//x", "/vmfs/volumes2/x",
                            "vmfs/volumes/ds1", "/VMFS/volumes/ds1/x"}) {
    INFO(other);
    CHECK_FALSE(parse_volume_path(other));
  }
}

TEST_CASE("a volume's name is a link to its UUID") {
  CHECK(volume_of_link("65f1c2aa-3b0c9d1e-77aa-0050569a1b2c") == "65f1c2aa-3b0c9d1e-77aa-0050569a1b2c");
  CHECK(volume_of_link("/vmfs/volumes/65f1c2aa-3b0c9d1e") == "65f1c2aa-3b0c9d1e");
  CHECK(volume_of_link("/vmfs/volumes/ds1/x") == "/vmfs/volumes/ds1/x");
  CHECK(volume_of_link("../x") == "../x");
}

TEST_CASE("a snapshot's number has six digits") {
  CHECK(parse_name("web-000007-ctk.vmdk").number == 7U);
  CHECK_FALSE(parse_name("web-0000007-ctk.vmdk").number);
  CHECK_FALSE(parse_name("web-00007.vmdk").number);
}

TEST_CASE("a filer's folders are known by exactly their names") {
  for (const std::string_view name : filer_folders) CHECK(is_filer_folder(name));
  CHECK_FALSE(is_filer_folder("snapshot"));
  CHECK_FALSE(is_filer_folder(".snapshot2"));
  CHECK(lies_in_filer_folder("/mnt/ds/.snapshot/hourly.0"));
  CHECK(lies_in_filer_folder("/mnt/ds/#recycle"));
  CHECK_FALSE(lies_in_filer_folder("/mnt/ds/web"));
}

TEST_CASE("a disk, its snapshots' disks and their CTK files have one stem") {
  using formats::vmware::stem_of_disk;
  for (const char* path : {"web01/web01.vmdk", "web01-000002.vmdk", "a/web01-000002-ctk.vmdk", "web01-ctk.vmdk"})
    CHECK(stem_of_disk(path) == "web01");
  CHECK(stem_of_disk("web01_1-000001.vmdk") == "web01_1");
}
