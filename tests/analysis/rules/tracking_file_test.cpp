#include <algorithm>

#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;
using cbtctl::analysis::Certainty;
using cbtctl::analysis::Fix;
using cbtctl::analysis::Severity;

TEST_CASE("a healthy datastore yields nothing") {
  CHECK(check(healthy()).findings.found.empty());
  CHECK(check(off()).findings.found.empty());
  CHECK(check(with_snapshot()).findings.found.empty());
}

TEST_CASE("a CTK file that nobody names is an orphan by what is gone") {
  const auto found =
      check(with(healthy(), {{"x/x-000002-ctk.vmdk", small_tracking()}, {"x/old-ctk.vmdk", small_tracking()}}));
  CHECK(found.path("ctk-orphan-snapshot") == "x/x-000002-ctk.vmdk");
  CHECK(found.first("ctk-orphan-snapshot").certainty == Certainty::hit);
  CHECK(found.path("ctk-orphan") == "x/old-ctk.vmdk");
  CHECK(found.findings.found.size() == 2);
}

TEST_CASE("an empty one of a snapshot to come is an error where its disk is tracked") {
  CHECK(check(with(healthy(), {{"x/x-000001-ctk.vmdk", ""}})).first("ctk-orphan-snapshot").severity == Severity::error);
  CHECK(check(with(off(), {{"x/x-000001-ctk.vmdk", ""}})).first("ctk-orphan-snapshot").severity == Severity::warning);
  const auto of_another = check(with(healthy(), {{"x/y-000001-ctk.vmdk", ""}}));
  CHECK(of_another.first("ctk-orphan-snapshot").severity == Severity::warning);
}

TEST_CASE("what is left of a disk that a machine or a snapshot names is no orphan") {
  const std::string second = "scsi0:1.present = \"TRUE\"\nscsi0:1.fileName = \"y.vmdk\"\n";
  const Files left = with(off(), {{"x/y-ctk.vmdk", small_tracking()}});
  CHECK(check(left).has("ctk-orphan"));
  CHECK_FALSE(check(with(left, {{"x/x.vmx", vmx("x.vmdk", second)}})).has("ctk-orphan"));
}

TEST_CASE("a disk beside it makes it a leftover, an error where the next CTK file must go") {
  const auto off_disk = check(with(off(), {{"x/x-ctk.vmdk", small_tracking()}}));
  CHECK(off_disk.first("ctk-leftover").severity == Severity::warning);
  const auto pending = check(with(off(), {{"x/x.vmx", vmx("x.vmdk", both_keys)}, {"x/x-ctk.vmdk", small_tracking()}}));
  CHECK(pending.first("ctk-leftover").severity == Severity::error);
}

TEST_CASE("an unreadable text silences orphans in its folder and makes those elsewhere possible") {
  const Files orphan = with(healthy(), {{"y/y-ctk.vmdk", small_tracking()}});
  CHECK(check(with(orphan, {{"y/y.vmx", std::string(20, '\0')}})).count("ctk-orphan") == 0);
  CHECK(check(with(orphan, {{"z/z.vmdk", "not a descriptor"}})).first("ctk-orphan").certainty == Certainty::possible);
  const std::string cut = "# Disk DescriptorFile\nversion=3\n";
  CHECK(check(with(orphan, {{"y/z.vmdk", cut}})).count("ctk-orphan") == 0);
  CHECK(check(with(orphan, {{"z/z.vmdk", cut}})).first("ctk-orphan").certainty == Certainty::possible);
  CHECK(check(with(orphan, {{"z/z.vmdk.bak", cut}})).first("ctk-orphan").certainty == Certainty::possible);
  CHECK(check(orphan).first("ctk-orphan").certainty == Certainty::hit);
}

TEST_CASE("up to the longest descriptor a text may be one, and what is one by its content however long") {
  const Files orphan = with(off(), {{"y/y-ctk.vmdk", small_tracking()}});
  constexpr std::size_t longest = formats::vmdk::max_descriptor_bytes;
  CHECK(check(with(orphan, {{"y/z.vmdk", std::string(longest, 'a')}})).count("ctk-orphan") == 0);
  CHECK(check(with(orphan, {{"y/z.vmdk", std::string(longest + 1, 'a')}})).has("ctk-orphan"));
  const std::string title = "# Disk DescriptorFile\n";
  CHECK(check(with(orphan, {{"y/z.vmdk", title + std::string(longest, '#')}})).count("ctk-orphan") == 0);
}

TEST_CASE("a disk outside the scan may name what is called after it") {
  const Files orphans =
      with(off(), {{"x/w-000002-ctk.vmdk", small_tracking()}, {"x/w-000003-ctk.vmdk", small_tracking()}});
  const std::string away = "scsi0:1.present = \"TRUE\"\nscsi0:1.fileName = \"/vmfs/volumes/other/w/w-000002.vmdk\"\n";
  const auto found = check(with(orphans, {{"x/x.vmx", vmx("x.vmdk", away)}}));
  REQUIRE(found.findings.found.size() == 2);
  CHECK(found.findings.found[0].certainty == Certainty::possible);
  CHECK(found.findings.found[1].certainty == Certainty::hit);
  CHECK(check(orphans).findings.found[0].certainty == Certainty::hit);
}

TEST_CASE("a backup copy of a descriptor protects what it names and is never judged") {
  const auto found = check(
      with(off(), {{"x/x-ctk.vmdk", small_tracking()}, {"x/x.vmdk~", small_descriptor("x-flat.vmdk", "x-ctk.vmdk")}}));
  CHECK(found.findings.found.empty());
}

TEST_CASE("a named CTK file raises the first that fits") {
  const auto one = [](const Files& files, std::string_view code) {
    const auto found = check(files);
    CHECK(found.findings.found.size() == 1);
    CHECK(found.has(code));
    return found;
  };
  CHECK(one(without(healthy(), "x/x-ctk.vmdk"), "ctk-missing").path("ctk-missing") == "x/x.vmdk");
  CHECK(one(with(healthy(), {{"x/x-ctk.vmdk", std::string(4096, 'a')}}), "ctk-unrecognised")
            .first("ctk-unrecognised")
            .fix == Fix::choice);
  CHECK(one(with(healthy(), {{"x/x-ctk.vmdk", ""}}), "ctk-unrecognised").first("ctk-unrecognised").fix == Fix::safe);
  CHECK(one(with(healthy(), {{"x/x-ctk.vmdk", small_tracking(1024)}}), "ctk-covers-less").path("ctk-covers-less") ==
        "x/x-ctk.vmdk");
  one(with(healthy(), {{"x/x-ctk.vmdk", small_tracking(8192)}}), "ctk-size-mismatch");
}

TEST_CASE("a header that is not understood is a note alone, of whatever version") {
  const auto bytes = [](const CtkBuilder& builder) {
    return std::string(reinterpret_cast<const char*>(builder.bytes().data()), builder.bytes().size());
  };
  const auto strange = bytes(CtkBuilder{}.capacity(77).block(128).size(512 + 4 * 16));
  CHECK(check(with(healthy(), {{"x/x-ctk.vmdk", strange}})).has("ctk-layout-unknown"));
  std::string second = strange;
  second[4] = 2;
  const auto found = check(with(healthy(), {{"x/x-ctk.vmdk", second}}));
  CHECK(found.has("ctk-layout-unknown"));
  CHECK(found.findings.found.size() == 1);
}

TEST_CASE("another version is judged by the layout of the first: possible, without a fix") {
  const auto of_version_2 = [](std::string ctk) {
    ctk[4] = 2;
    return check(with(healthy(), {{"x/x-ctk.vmdk", ctk}}));
  };
  CHECK(of_version_2(small_tracking()).findings.found.empty());
  const auto less = of_version_2(small_tracking(1024));
  CHECK(less.first("ctk-covers-less").certainty == Certainty::possible);
  CHECK(less.first("ctk-covers-less").fix == Fix::none);
}

TEST_CASE("a cut table is told though its header is whole, a longer file is no fault") {
  std::string ctk = small_tracking();
  CHECK(check(with(healthy(), {{"x/x-ctk.vmdk", ctk + std::string(9000, '\0')}})).findings.found.empty());
  ctk.resize(ctk.size() - 4);
  CHECK(check(with(healthy(), {{"x/x-ctk.vmdk", ctk}})).has("ctk-size-mismatch"));
}

TEST_CASE("two descriptors that name one CTK file share it") {
  Files files = with(healthy(), {{"y/y.vmx", vmx("y.vmdk", both_keys)},
                                 {"y/y.vmdk", small_descriptor("y-flat.vmdk", "../x/x-ctk.vmdk")},
                                 {"y/y-flat.vmdk", small_flat()}});
  CHECK(check(files).path("ctk-shared") == "x/x-ctk.vmdk");
  CHECK_FALSE(check(healthy()).has("ctk-shared"));
}

TEST_CASE("an entry newer than the header's epoch is found by a deep look alone") {
  std::string ctk = small_tracking();
  const auto epoch = static_cast<unsigned char>(ctk[36]);
  ctk[512] = static_cast<char>(epoch + 1);
  const Datastore datastore = scan(with(healthy(), {{"x/x-ctk.vmdk", ctk}}));
  CHECK_FALSE(check(datastore).has("ctk-epoch-ahead"));
  const cbtctl::analysis::Opener opener =
      [&](auto) -> formats::core::Result<std::unique_ptr<formats::core::ByteSource>> {
    return std::unique_ptr<formats::core::ByteSource>(
        std::make_unique<formats::core::SpanSource>(std::as_bytes(std::span(ctk))));
  };
  const Checked deep{datastore, cbtctl::analysis::analyze(datastore, opener)};
  CHECK(deep.path("ctk-epoch-ahead") == "x/x-ctk.vmdk");
  CHECK(deep.first("ctk-epoch-ahead").certainty == Certainty::possible);
  CHECK(deep.first("ctk-epoch-ahead").fix == Fix::choice);
  ctk[512] = static_cast<char>(epoch);
  CHECK(cbtctl::analysis::analyze(datastore, opener).found.empty());
}

TEST_CASE("an orphan of another version is a choice, and two may share one") {
  std::string second = small_tracking();
  second[4] = 2;
  const auto unnamed = check(with(off(), {{"x/gone-ctk.vmdk", second}}));
  CHECK(unnamed.path("ctk-orphan") == "x/gone-ctk.vmdk");
  CHECK(unnamed.first("ctk-orphan").fix == Fix::choice);
  CHECK(unnamed.first("ctk-orphan").certainty == Certainty::hit);
  CHECK(unnamed.findings.found.size() == 1);
  const auto shared = check(with(healthy(), {{"x/x-ctk.vmdk", second},
                                             {"y/y.vmx", vmx("y.vmdk", both_keys)},
                                             {"y/y.vmdk", small_descriptor("y-flat.vmdk", "../x/x-ctk.vmdk")},
                                             {"y/y-flat.vmdk", small_flat()}}));
  CHECK(shared.has("ctk-shared"));
  CHECK(shared.findings.found.size() == 1);
}

TEST_CASE("of the codes that exclude each other the first that fits any descriptor is told") {
  std::string ahead = small_tracking();
  ahead[512] = 99;
  const std::string larger =
      "# Disk DescriptorFile\nversion=3\nCID=1\nparentCID=ffffffff\ncreateType=\"vmfs\"\n"
      "RW 4096 ZERO\nchangeTrackPath=\"../x/x-ctk.vmdk\"\n";
  const Datastore datastore =
      scan(with(healthy(), {{"x/x-ctk.vmdk", ahead}, {"y/y.vmx", vmx("y.vmdk", both_keys)}, {"y/y.vmdk", larger}}));
  const cbtctl::analysis::Opener opener =
      [&](auto) -> formats::core::Result<std::unique_ptr<formats::core::ByteSource>> {
    return std::unique_ptr<formats::core::ByteSource>(
        std::make_unique<formats::core::SpanSource>(std::as_bytes(std::span(ahead))));
  };
  const Checked deep{datastore, cbtctl::analysis::analyze(datastore, opener)};
  CHECK(deep.count("ctk-covers-less") == 1);
  CHECK_FALSE(deep.has("ctk-epoch-ahead"));
  CHECK(deep.has("ctk-shared"));
}

TEST_CASE("on vSAN and vVol no finding about a CTK file is raised") {
  for (const std::string object : {"vsan://52ae", "vvol://52ae"}) {
    const auto found = check(Files{{"x/x.vmx", vmx("x.vmdk", both_keys)},
                                   {"x/x.vmdk", small_descriptor(object, "x-ctk.vmdk")},
                                   {"x/y.vmdk", small_descriptor(object)},
                                   {"x/y-ctk.vmdk", small_tracking()},
                                   {"x/gone-ctk.vmdk", small_tracking()},
                                   {"x/x-000002-ctk.vmdk", small_tracking()}});
    CHECK(found.findings.found.size() == 1);
    CHECK(found.path("disk-orphan") == "x/y.vmdk");
  }
}

TEST_CASE("a finding names the machine and the disk that its file belongs to") {
  const auto left = check(with(off(), {{"x/x-ctk.vmdk", small_tracking()}, {"x/gone-ctk.vmdk", small_tracking()}}));
  REQUIRE(left.first("ctk-leftover").machine);
  CHECK(left.first("ctk-leftover").slot == "scsi0:0");
  CHECK(left.first("ctk-orphan").machine);
  CHECK(left.first("ctk-orphan").slot.empty());
  const auto two = check(with(off(), {{"x/y.vmx", vmx("x.vmdk")}, {"x/gone-ctk.vmdk", small_tracking()}}));
  CHECK_FALSE(two.first("ctk-orphan").machine);  // the folder holds two
}

namespace {

// Tracked machines, of which the CTK files of the first `unfit` are changed.
Files tracked_machines(int count, int unfit, const std::string& changed) {
  Files files;
  for (int i = 0; i < count; ++i) {
    const std::string name = "m" + std::to_string(i);
    files = with(files, {{name + "/" + name + ".vmx", vmx(name + ".vmdk", both_keys)},
                         {name + "/" + name + ".vmdk", small_descriptor(name + "-flat.vmdk", name + "-ctk.vmdk")},
                         {name + "/" + name + "-flat.vmdk", small_flat()},
                         {name + "/" + name + "-ctk.vmdk", i < unfit ? changed : small_tracking()}});
  }
  return files;
}

}  // namespace

TEST_CASE("where four CTK files and more than a third do not add up, it is the format that is doubted") {
  std::string strange = small_tracking();
  std::fill_n(strange.begin() + 16, 20, '\0');
  const auto found = check(with(tracked_machines(11, 4, strange), {{"m0/gone-ctk.vmdk", small_tracking()}}));
  CHECK(found.path("ctk-format-doubted") == ".");
  CHECK(found.first("ctk-orphan").fix == Fix::none);
  CHECK(check(tracked_machines(4, 4, strange)).has("ctk-format-doubted"));
  CHECK_FALSE(check(tracked_machines(12, 4, strange)).has("ctk-format-doubted"));  // no more than a third
  CHECK_FALSE(check(tracked_machines(4, 3, strange)).has("ctk-format-doubted"));   // not four
}

TEST_CASE("entries newer than the epoch raise the doubt, as a deep look finds them") {
  std::string ahead = small_tracking();
  ahead[512] = 99;
  const Datastore datastore = scan(tracked_machines(5, 5, ahead));
  const cbtctl::analysis::Opener opener =
      [&](auto) -> formats::core::Result<std::unique_ptr<formats::core::ByteSource>> {
    return std::unique_ptr<formats::core::ByteSource>(
        std::make_unique<formats::core::SpanSource>(std::as_bytes(std::span(ahead))));
  };
  const Checked deep{datastore, cbtctl::analysis::analyze(datastore, opener)};
  CHECK(deep.count("ctk-epoch-ahead") == 5);
  CHECK(deep.has("ctk-format-doubted"));
}

TEST_CASE("what is understood raises no doubt, though it covers less or is of another version") {
  std::string second = small_tracking();
  second[4] = 2;
  CHECK(check(tracked_machines(5, 5, second)).findings.found.empty());
  const auto less = check(tracked_machines(5, 5, small_tracking(1024)));
  CHECK(less.count("ctk-covers-less") == 5);
  CHECK_FALSE(less.has("ctk-format-doubted"));
  CHECK(less.first("ctk-covers-less").fix == Fix::choice);
  CHECK_FALSE(check(tracked_machines(5, 5, std::string(4096, 'a'))).has("ctk-format-doubted"));  // no signature
}
