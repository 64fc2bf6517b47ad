#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;
using cbtctl::analysis::Certainty;

TEST_CASE("disks and data that nothing uses are orphans") {
  const auto found = check(with(healthy(), {{"o/o.vmdk", small_descriptor("o-flat.vmdk")},
                                            {"o/o-flat.vmdk", small_flat()},
                                            {"x/x-000007.vmdk", small_delta("x-000007-delta.vmdk", "x.vmdk")},
                                            {"x/x-000007-delta.vmdk", small_cowd()},
                                            {"p/p-flat.vmdk", small_flat()}}));
  CHECK(found.path("disk-orphan") == "o/o.vmdk");
  CHECK(found.first("disk-orphan").certainty == Certainty::possible);
  CHECK(found.path("snapshot-orphan") == "x/x-000007.vmdk");
  CHECK(found.path("extent-orphan") == "p/p-flat.vmdk");
  CHECK(found.findings.found.size() == 3);
}

TEST_CASE("what other products keep is never called an orphan") {
  for (const std::string path : {"fcd/a", "contentlib-7f/b", "appvolumes/packages/c", "r/hbrdisk.RDID-1", "s/s-000000",
                                 "v/v-digest", "kubevols/k"}) {
    INFO(path);
    const std::string extent = path.substr(path.rfind('/') + 1) + "-flat.vmdk";
    CHECK(check(with(healthy(), {{path + ".vmdk", small_descriptor(extent)}, {path + "-flat.vmdk", small_flat()}}))
              .findings.found.empty());
  }
}

TEST_CASE("a delta that names itself is used by no other") {
  const auto found = check(with(healthy(), {{"o/o.vmdk", small_delta("o-delta.vmdk", "o.vmdk", "", "9f2c11aa")},
                                            {"o/o-delta.vmdk", small_cowd()}}));
  CHECK(found.path("snapshot-orphan") == "o/o.vmdk");
  CHECK(found.has("chain-loop"));
}

TEST_CASE("replication's data without a descriptor is none of ours") {
  CHECK(check(with(healthy(), {{"x/p-000000-delta.vmdk", small_cowd()}})).findings.found.empty());
  CHECK(check(with(healthy(), {{"x/p-000001-delta.vmdk", small_cowd()}})).has("extent-orphan"));
}

TEST_CASE("templates, copies of a .vmx, workingDir and content that looks like a suffix raise nothing") {
  CHECK(check(Files{{"t/t.vmtx", vmx("t.vmdk")},
                    {"t/t.vmdk", small_descriptor("t-flat.vmdk")},
                    {"t/t-flat.vmdk", small_flat()}})
            .findings.found.empty());
  const std::string uuid = both_keys + "uuid.bios = \"56 4d\"\n";
  const auto copied = check(with(healthy(), {{"x/x.vmx", vmx("x.vmdk", uuid)}, {"x/copy.vmx", vmx("x.vmdk", uuid)}}));
  CHECK(copied.findings.found.size() == copied.count("vmx-copy"));
  CHECK(check(Files{{"w/w.vmx", vmx("db-000001.vmdk", "")},
                    {"w/db-000001.vmdk", small_descriptor("db-000001-flat.vmdk")},
                    {"w/db-000001-flat.vmdk", small_flat()}})
            .findings.found.empty());
  CHECK(check(Files{{"w/w.vmx", vmx("y-flat.vmdk", "")},
                    {"w/y-flat.vmdk", small_descriptor("y-flat-flat.vmdk")},
                    {"w/y-flat-flat.vmdk", small_flat()}})
            .findings.found.empty());
}

TEST_CASE("what others keep is no orphan, by its folder or its name; data without a descriptor is told there too") {
  for (const std::string folder :
       {"fcd", "catalog", "kubevols", "contentlib-1a2b", "cloudvolumes", "hbrdisk", "Kubevols", "fcd/deeper"}) {
    INFO(folder);
    const Files disk{{folder + "/a.vmdk", small_descriptor("a-flat.vmdk")}, {folder + "/a-flat.vmdk", small_flat()}};
    CHECK(check(disk).findings.found.empty());
    CHECK(check(without(disk, folder + "/a.vmdk")).path("extent-orphan") == folder + "/a-flat.vmdk");
  }
  for (const std::string name : {"hbrdisk.RDID-1", "x-digest", "x-000000"}) {
    INFO(name);
    CHECK(check(Files{{"x/" + name + ".vmdk", small_descriptor("f.vmdk")}, {"x/f.vmdk", small_flat()}})
              .findings.found.empty());
  }
  CHECK(check(Files{{"fcd.near/a.vmdk", small_descriptor("a-flat.vmdk")}, {"fcd.near/a-flat.vmdk", small_flat()}})
            .has("disk-orphan"));
}

TEST_CASE("an orphaned delta says which was written last, it or its base") {
  Files files = with(off(), {{"x/x-000002.vmdk", small_delta("x-000002-delta.vmdk", "x.vmdk")},
                             {"x/x-000002-delta.vmdk", small_cowd()}});
  const auto last = [](const Checked& found) { return found.first("snapshot-orphan").evidence.at(1).found.value(); };
  CHECK(last(check(files)) == "the delta: x/x.vmdk has not changed since it was made");
  files["x/x-000002.vmdk"] = small_delta("x-000002-delta.vmdk", "x.vmdk", {}, "00000001");
  CHECK(last(check(files)).starts_with("the base x/x.vmdk"));
}
