#include "tests/support/catch.h"

#include "formats/vmdk/descriptor.h"

using formats::text::Document;
using formats::vmdk::Descriptor;
using formats::vmdk::ExtentKind;

namespace {

Descriptor decoded(const std::string& body) {
  auto descriptor = formats::vmdk::decode_descriptor(Document::decode("# Disk DescriptorFile\n" + body));
  REQUIRE(descriptor);
  return *descriptor;
}

const std::string healthy =
    "version=3\nCID=7475b330\nparentCID=ffffffff\ncreateType=\"vmfs\"\n"
    "RW 83886080 VMFS \"x-flat.vmdk\"\nchangeTrackPath=\"x-ctk.vmdk\"\n";

}  // namespace

TEST_CASE("a base disk with tracking is read whole") {
  const Descriptor descriptor = decoded(healthy);
  CHECK(descriptor.version == 3U);
  CHECK(descriptor.cid == 0x7475b330U);
  CHECK(descriptor.parent_cid == 0xFFFFFFFFU);
  CHECK_FALSE(descriptor.cid_of_parent());
  CHECK(descriptor.capacity_bytes() == 42949672960U);
  CHECK(descriptor.change_track_path == "x-ctk.vmdk");
  CHECK(descriptor.extents[0].kind == ExtentKind::vmfs);
  CHECK(descriptor.check().empty());
}

TEST_CASE("a delta names its parent") {
  const Descriptor descriptor = decoded(
      "CID=1\nparentCID=1b77e0d4\ncreateType=\"vmfsSparse\"\nparentFileNameHint=\"x y.vmdk\"\n"
      "RW 8 VMFSSPARSE \"x-000001-delta.vmdk\"\n");
  CHECK(descriptor.cid_of_parent() == 0x1b77e0d4U);
  CHECK(descriptor.parent_hint == "x y.vmdk");
  CHECK(descriptor.check().empty());
}

TEST_CASE("several extents add up, with offsets and without file") {
  const Descriptor descriptor = decoded(
      "CID=1\ncreateType=\"custom\"\nRW 100 FLAT \"a-f001.vmdk\" 7\nRDONLY 50 ZERO\nNOACCESS 6 SPARSE \"b.vmdk\"\n");
  REQUIRE(descriptor.extents.size() == 3);
  CHECK(descriptor.extents[0].offset_sectors == 7);
  CHECK(descriptor.extents[1].kind == ExtentKind::zero);
  CHECK(descriptor.capacity_bytes() == 156 * 512U);
}

TEST_CASE("an extent of 2^64 - 1 sectors gives no capacity and a defect") {
  const Descriptor descriptor = decoded("CID=1\ncreateType=\"vmfs\"\nRW 18446744073709551615 VMFS \"x-flat.vmdk\"\n");
  CHECK_FALSE(descriptor.capacity_bytes());
  CHECK_FALSE(descriptor.check().empty());
}

TEST_CASE("each part that is missing or contradicts another is a defect") {
  const std::string body =
      GENERATE("createType=\"vmfs\"\nRW 1 VMFS \"x\"\n", "CID=1\nRW 1 VMFS \"x\"\n", "CID=1\ncreateType=\"vmfs\"\n",
               "CID=zz\ncreateType=\"vmfs\"\nRW 1 VMFS \"x\"\n", "CID=1\ncreateType=\"vmfs\"\nRW many VMFS \"x\"\n",
               "CID=1\nCID=2\ncreateType=\"vmfs\"\nRW 1 VMFS \"x\"\n",
               "CID=1\nparentCID=2\ncreateType=\"vmfsSparse\"\nRW 1 VMFSSPARSE \"x\"\n");
  CHECK_FALSE(decoded(body).check().empty());
}

TEST_CASE("a key of the header that stands twice with two values is a defect, with one it is none") {
  const auto [key, same, other] =
      GENERATE(table<std::string, std::string, std::string>({{"version", "3", "1"},
                                                             {"CID", "7475b330", "1"},
                                                             {"parentCID", "ffffffff", "2"},
                                                             {"createType", "\"vmfs\"", "\"vmfsSparse\""},
                                                             {"changeTrackPath", "\"x-ctk.vmdk\"", "\"y-ctk.vmdk\""}}));
  CHECK(decoded(healthy + key + "=" + same + "\n").check().empty());
  const auto defects = decoded(healthy + key + "=" + other + "\n").check();
  REQUIRE(defects.size() == 1);
  CHECK(defects[0].message == key + ": expected one value, found two that differ");
}

TEST_CASE("two hints at a parent are a defect, and the first stays") {
  const Descriptor descriptor = decoded(healthy + "parentFileNameHint=\"a.vmdk\"\nPARENTFILENAMEHINT=\"b.vmdk\"\n");
  CHECK(descriptor.parent_hint == "a.vmdk");
  CHECK(descriptor.check().front().found == "two that differ");
}

TEST_CASE("text that is no descriptor is refused") {
  CHECK_FALSE(formats::vmdk::decode_descriptor(Document::decode("hello = \"world\"\n")));
}

TEST_CASE("a descriptor's text ends at the first NUL, whatever is behind it, and at 4 MiB") {
  using formats::vmdk::descriptor_text;
  const auto bytes_of = [](const std::string& text) { return std::as_bytes(std::span(text.data(), text.size())); };
  const std::string short_cid("CID=1\n\0\n", 8);
  CHECK(**descriptor_text(bytes_of(short_cid), false) == "CID=1\n");
  CHECK(**descriptor_text(bytes_of("CID=1\n"), true) == "CID=1\n");
  CHECK_FALSE(*descriptor_text(bytes_of("CID=1\n"), false));
  const std::string large(formats::vmdk::max_descriptor_bytes + 1, '#');
  CHECK_FALSE(descriptor_text(bytes_of(large), false));
  CHECK(**descriptor_text(bytes_of(large.substr(1)), true) == large.substr(1));
}

TEST_CASE("a descriptor inside a sparse file has one extent, the file itself") {
  const auto defects = [](const std::string& lines) {
    return formats::vmdk::decode_embedded_descriptor("# Disk DescriptorFile\nversion=1\nCID=1\ncreateType=\"x\"\n" +
                                                     lines)
        ->check();
  };
  CHECK(defects("RW 8 SPARSE \"other.vmdk\"\n").empty());
  CHECK(defects("RW 8 SPARSE \"a.vmdk\"\nRW 8 SPARSE \"b.vmdk\"\n").size() == 1);
  CHECK(defects("RW 8 FLAT \"a.vmdk\" 0\n").size() == 1);
}
