#include "tests/support/catch.h"

#include "formats/vmsd/snapshots.h"

using formats::text::Document;

TEST_CASE("an empty file and one with just its remains are lists of none") {
  const std::string text = GENERATE("", "\n", ".encoding = \"UTF-8\"\nsnapshot.lastUID = \"2032\"\n");
  const auto list = formats::vmsd::decode(Document::decode(text));
  REQUIRE(list);
  CHECK(list->snapshots.empty());
}

TEST_CASE("snapshots are ordered by number, also from ten on") {
  std::string text = "snapshot.numSnapshots = \"12\"\n";
  for (int i = 11; i >= 0; --i) {
    const std::string head = "snapshot" + std::to_string(i);
    text += head + ".uid = \"" + std::to_string(i + 1) + "\"\n" + head + ".disk0.fileName = \"x.vmdk\"\n";
  }
  const auto list = formats::vmsd::decode(Document::decode(text));
  REQUIRE(list);
  REQUIRE(list->snapshots.size() == 12);
  CHECK(list->snapshots[9].uid == "10");
  CHECK(list->snapshots[11].uid == "12");
}

TEST_CASE("the time's low word is signed in the file and not in the time") {
  const auto list = formats::vmsd::decode(Document::decode(
      "snapshot0.uid = \"1\"\nsnapshot0.createTimeHigh = \"388801\"\nsnapshot0.createTimeLow = \"-814770620\"\n"
      "snapshot0.parent = \"7\"\n"));
  REQUIRE(list);
  CHECK(list->snapshots[0].created_us == ((std::int64_t{388801} << 32) | 0xCF6F9644));
  CHECK(list->snapshots[0].parent_uid == "7");
}

TEST_CASE("binary and foreign text are no snapshot list") {
  CHECK_FALSE(
      formats::vmsd::decode(Document::decode(std::string("\x7f"
                                                         "ELF\0\0",
                                                         6))));
  CHECK_FALSE(formats::vmsd::decode(Document::decode("hello\n")));
}

TEST_CASE("an encrypted list is encrypted and not empty") {
  const auto list = formats::vmsd::decode(formats::text::Document::decode(
      ".encoding = \"UTF-8\"\nencryption.keySafe = \"vmware:key/list\"\nencryption.data = \"q83v\"\n"));
  REQUIRE_FALSE(list);
  CHECK(list.error().kind == formats::core::ErrorKind::encrypted);
}

TEST_CASE("a linked clone's list without an encoding is one of none") {
  const auto list = formats::vmsd::decode(
      formats::text::Document::decode("cloneOf0 = \"/vmfs/volumes/ds1/gold/gold.vmx\"\nnumCloneOf = \"1\"\n"));
  REQUIRE(list);
  CHECK(list->snapshots.empty());
}
