// Chains as a whole: what each kind of link holds, hides and leaves to its parent, and what damage leaves readable.
#include "tests/support/catch.h"

#include <thread>

#include "disk/link_facts.h"
#include "tests/support/extents.h"

using namespace support;
using cbtctl::disk::Allocation;

namespace {

constexpr std::uint32_t sectors = 4096 + 64;  // two COWD tables, the second in part
constexpr std::uint64_t bytes = sectors * 512;

std::string flat(char fill) { return std::string(bytes, fill); }

// A flat base full of 'b' below one delta.
Disks over_flat(const std::string& kind, const std::string& delta) {
  return Disks{}
      .file("d/base.vmdk", disk_text("RW 4160 VMFS \"base-flat.vmdk\""))
      .file("d/base-flat.vmdk", flat('b'))
      .file("d/top.vmdk", disk_text("RW 4160 " + kind + " \"top-delta.vmdk\"", on_top_of("base.vmdk")))
      .file("d/top-delta.vmdk", delta);
}

}  // namespace

TEST_CASE("a COWD delta holds its grains, hides its parent with zero entries and leaves the rest to it") {
  const auto disks =
      over_flat("VMFSSPARSE", Cowd(sectors).grain(1, 'x').grain(2, 'y').entry(4, 1).grain(4100, 'z').bytes());
  const auto chain = disks.chain("d/top.vmdk");
  CHECK(chain.size_bytes() == bytes);
  CHECK(map_of(chain) ==
        "0+512 data 1, 512+1024 data 0, 1536+512 data 1, 2048+512 zero 0, 2560+2096640 data 1, 2099200+512 data 0, "
        "2099712+30208 data 1");
  CHECK(read(chain, 0, 2560) == std::string(512, 'b') + std::string(512, 'x') + std::string(512, 'y') +
                                    std::string(512, 'b') + std::string(512, '\0'));
  CHECK(read(chain, 4100 * 512 + 500, 24) == std::string(12, 'z') + std::string(12, 'b'));
  CHECK(read(chain, bytes - 3, 10) == "bbb");
}

TEST_CASE("an seSparse grain is absent, unmapped, zero or allocated") {
  const auto disks = over_flat("SESPARSE", SeSparse(sectors)
                                               .grain(0, 'x')
                                               .entry(1, 0x1000000000000000)
                                               .entry(2, 0x2000000000000000)
                                               .entry(3, 0)
                                               .grain(4, 'y')
                                               .bytes());
  const auto chain = disks.chain("d/top.vmdk");
  CHECK(map_of(chain) == "0+4096 data 0, 4096+8192 zero 0, 12288+4096 data 1, 16384+4096 data 0, 20480+2109440 data 1");
  CHECK(read(chain, 4095, 2) == std::string("x\0", 2));
  CHECK(read(chain, 12287, 2) == std::string("\0b", 2));
  CHECK(read(chain, 16384, 4097) == std::string(4096, 'y') + "b");
}

TEST_CASE("an seSparse grain's index is split over its entry") {
  SeSparse extent(sectors);
  extent.entry(7, 0x3000000000000000 | std::uint64_t{0xFFF} << 48);  // the lowest twelve bits
  std::string content = extent.bytes();
  content.resize((SeSparse::grains_sector + 0xFFF * 8) * 512, '\0');
  content += std::string(4096, 'q');
  CHECK(read(over_flat("SESPARSE", content).chain("d/top.vmdk"), 7 * 4096, 4096) == std::string(4096, 'q'));
}

TEST_CASE("a virtual RDM is its device") {
  const auto disks =
      Disks{}.file("rdm.vmdk", disk_text("RW 8 VMFSRDM \"rdm-rdm.vmdk\"")).file("rdm-rdm.vmdk", std::string(4096, 'r'));
  CHECK(map_of(disks.chain("rdm.vmdk")) == "0+4096 data 0");
  CHECK(read(disks.chain("rdm.vmdk"), 4000, 200) == std::string(96, 'r'));
}

TEST_CASE("a linked clone reads the golden image by an absolute path") {
  const auto disks =
      Disks{}
          .file("/vols/golden/g.vmdk", disk_text("RW 4160 VMFS \"g-flat.vmdk\""))
          .file("/vols/golden/g-flat.vmdk", flat('g'))
          .file("clone/c.vmdk", disk_text("RW 4160 VMFSSPARSE \"c-delta.vmdk\"", on_top_of("/vols/golden/g.vmdk")))
          .file("clone/c-delta.vmdk", Cowd(sectors).grain(0, 'c').bytes());
  const auto chain = disks.chain("clone/c.vmdk");
  CHECK(chain.links().size() == 2);
  CHECK(read(chain, 510, 4) == "ccgg");
}

TEST_CASE("extents of several kinds follow each other, each from its place in its file") {
  const auto disks =
      Disks{}
          .file("m.vmdk",
                disk_text("RW 2 FLAT \"a.vmdk\" 1\nRW 3 ZERO\nRW 8 SPARSE \"missing.vmdk\"\nRW 1 FLAT \"a.vmdk\" 0"))
          .file("a.vmdk", std::string(512, '0') + std::string(1024, '1'));
  const auto chain = disks.chain("m.vmdk");
  CHECK(map_of(chain) == "0+1024 data 0, 1024+1536 zero 0, 2560+4096 unreadable 0, 6656+512 data 0");
  CHECK(read(chain, 1022, 4) == std::string("11\0\0", 4));
  CHECK(read(chain, 6656, 9) == "000000000");
  CHECK(read(chain, 3000, 1) == "m.vmdk: names missing.vmdk");
}

TEST_CASE("a disk that was extended reads as zeros where its parent ended") {
  const auto disks = Disks{}
                         .file("p.vmdk", disk_text("RW 8 VMFS \"p-flat.vmdk\""))
                         .file("p-flat.vmdk", std::string(4096, 'p'))
                         .file("c.vmdk", disk_text("RW 4160 VMFSSPARSE \"c-delta.vmdk\"", on_top_of("p.vmdk")))
                         .file("c-delta.vmdk", Cowd(sectors).grain(9, 'c').bytes());
  CHECK(map_of(disks.chain("c.vmdk")) == "0+4096 data 1, 4096+512 zero 1, 4608+512 data 0, 5120+2124800 zero 1");
}

TEST_CASE("an earlier point in time is the chain from a lower link") {
  const auto chain = over_flat("VMFSSPARSE", Cowd(sectors).grain(0, 'x').bytes()).chain("d/top.vmdk");
  CHECK(read(chain, 0, 1) == "x");
  CHECK(read(chain.from(1), 0, 1) == "b");
  CHECK(chain.from(1).links().size() == 1);
}

TEST_CASE("without its parent a delta shows what it holds and nothing else") {
  auto disks = Disks{}
                   .file("d/top.vmdk", disk_text("RW 4160 VMFSSPARSE \"top-delta.vmdk\"", on_top_of("gone.vmdk")))
                   .file("d/top-delta.vmdk", Cowd(sectors).grain(3, 'x').bytes());
  const auto chain = disks.chain("d/top.vmdk");
  CHECK(chain.broken().has_value());
  CHECK(map_of(chain) == "0+1536 unreadable 0, 1536+512 data 0, 2048+2127872 unreadable 0");
  CHECK(read(chain, 1536, 2) == "xx");
  CHECK(read(chain, 0, 1) == "d/top.vmdk: names gone.vmdk");
}

TEST_CASE("a chain that comes back to itself ends where it does") {
  const auto disks = Disks{}
                         .file("a.vmdk", disk_text("RW 8 VMFS \"f.vmdk\"", on_top_of("b.vmdk")))
                         .file("b.vmdk", disk_text("RW 8 VMFS \"f.vmdk\"", on_top_of("a.vmdk")))
                         .file("f.vmdk", std::string(4096, 'f'));
  const auto chain = disks.chain("a.vmdk");
  CHECK(chain.links().size() == 2);
  CHECK(chain.broken()->message == "b.vmdk: its parent a.vmdk stands above it: the chain comes back to itself");
}

TEST_CASE("damage in a link is a range of its own, with its place, and the rest stays readable") {
  struct Case {
    const char* what;
    std::string kind;
    std::string content;
    std::string map;
    std::uint64_t offset;  // of a byte that cannot be read
    std::string says;
  };
  const std::vector<Case> cases{
      {"a table past the end", "VMFSSPARSE", Cowd(sectors).grain(0, 'x').table(1, 0x7FFFFFFF).bytes(),
       "0+512 data 0, 512+2096640 data 1, 2097152+32768 unreadable 0", 2097152,
       "d/top-delta.vmdk: the grain directory's entry 1 at byte 2052 points past the end"},
      {"a grain past the end", "VMFSSPARSE", Cowd(sectors).grain(0, 'x').entry(5, 0x7FFFFFFF).bytes(),
       "0+512 data 0, 512+2048 data 1, 2560+512 unreadable 0, 3072+2126848 data 1", 2560,
       "d/top-delta.vmdk: the table entry of grain 5 at byte 4116 points past the end"},
      {"an entry of no known kind", "SESPARSE", SeSparse(sectors).grain(0, 'x').entry(2, 0x5000000000000000).bytes(),
       "0+4096 data 0, 4096+4096 data 1, 8192+4096 unreadable 0, 12288+2117632 data 1", 8192,
       "d/top-delta.vmdk: the table entry of grain 2 at byte 8208 points past the end of the file or is of no known"},
      {"a directory entry of no known kind", "SESPARSE", SeSparse(sectors).directory(0x2000000000000000).bytes(),
       "0+2129920 unreadable 0", 0, "d/top-delta.vmdk: the grain directory's entry 0 at byte 4096"},
      {"an extent smaller than its descriptor says", "VMFSSPARSE", Cowd(4096, 1).grain(0, 'x').bytes(),
       "0+512 data 0, 512+2096640 data 1, 2097152+32768 unreadable 0", 2097152,
       "d/top-delta.vmdk: the sparse extent's capacity is 2097152 bytes, its descriptor gives it 2129920"},
      {"a directory that is cut off", "VMFSSPARSE", Cowd(sectors).bytes().substr(0, 4 * 512 + 4),
       "0+2129920 unreadable 0", 0, "d/top-delta.vmdk: the grain directory's entry 0 at byte 2048"},
      {"a journal to replay", "SESPARSE", SeSparse(sectors, 1).grain(0, 'x').bytes(), "0+2129920 unreadable 0", 0,
       "d/top-delta.vmdk: stopped uncleanly: its journal must be replayed"},
      {"no sparse extent at all", "SESPARSE", "garbage garbage", "0+2129920 unreadable 0", 0,
       "d/top-delta.vmdk: is no sparse extent"},
  };
  for (const Case& each : cases) {
    INFO(each.what);
    const auto disks = over_flat(each.kind, each.content);
    const auto chain = disks.chain("d/top.vmdk");
    CHECK(map_of(chain) == each.map);
    CHECK(read(chain, each.offset, 8).substr(0, each.says.size()) == each.says);
  }
}

TEST_CASE("what a device does not give is unreadable, and why") {
  auto disks = over_flat("VMFSSPARSE", Cowd(sectors).grain(0, 'x').grain(4096, 'y').bytes());
  disks.source("d/top-delta.vmdk").fault = {Cowd::entry_at(4096), 4};
  const auto chain = disks.chain("d/top.vmdk");
  CHECK(map_of(chain) == "0+512 data 0, 512+2096640 data 1, 2097152+32768 unreadable 0");
  CHECK(chain.why_unreadable(2097152).kind == formats::core::ErrorKind::unavailable);
  CHECK(read(chain, 0, 1) == "x");
}

TEST_CASE("an encrypted link and a native snapshot are refused, and say so") {
  for (const auto& [line, says] : {std::pair{"encryptionKeys=\"vmware:key/list\"\n", "e.vmdk: is encrypted"},
                                   std::pair{"ddb.iofilters=\"vmwarevmcrypt\"\n", "e.vmdk: is encrypted"},
                                   std::pair{"isNativeSnapshot=\"yes\"\n", "e.vmdk: is a native snapshot"}}) {
    const auto disks =
        Disks{}.file("e.vmdk", disk_text("RW 8 VMFS \"f.vmdk\"", line)).file("f.vmdk", std::string(4096, 'f'));
    const auto chain = disks.chain("e.vmdk");
    CHECK(map_of(chain) == "0+4096 unreadable 0");
    CHECK(read(chain, 0, 4).starts_with(says));
  }
}

TEST_CASE("a link's own facts: what it allocates, what it zeroes, and its defects") {
  const auto chain =
      over_flat("VMFSSPARSE", Cowd(sectors).grain(1, 'x').grain(2, 'y').entry(4, 1).entry(9, 0x7FFFFFFF).bytes())
          .chain("d/top.vmdk");
  const auto facts = cbtctl::disk::inspect_link(chain, 0);
  CHECK(facts.data_bytes == 1024);
  CHECK(facts.zero_bytes == 512);
  CHECK(facts.unreadable_bytes == 512);
  REQUIRE(facts.defects.size() == 1);
  CHECK(facts.defects[0].path == "d/top-delta.vmdk");
  CHECK(facts.defects[0].defect.offset_bytes == Cowd::entry_at(9));
  CHECK(cbtctl::disk::inspect_link(chain, 1).data_bytes == bytes);
}

TEST_CASE("several threads read one chain at once") {
  Cowd delta(sectors);
  for (std::uint32_t grain = 0; grain < sectors; grain += 3) delta.grain(grain, static_cast<char>('A' + grain % 26));
  const auto chain = over_flat("VMFSSPARSE", delta.bytes()).chain("d/top.vmdk");
  const std::string expected = read(chain, 0, bytes);
  std::vector<std::thread> threads;
  std::array<std::string, 4> found;
  for (std::string& each : found) {
    threads.emplace_back([&] {
      for (std::uint64_t at = 0; at < bytes; at += 7000) each += read(chain, at, 7000);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& each : found) CHECK(each == expected);
}

TEST_CASE("data is found in order, and holes are skipped") {
  const auto disks = Disks{}
                         .file("m.vmdk", disk_text("RW 8 ZERO\nRW 8 FLAT \"a.vmdk\" 0\nRW 8 ZERO"))
                         .file("a.vmdk", std::string(4096, 'a'));
  const auto chain = disks.chain("m.vmdk");
  CHECK(*chain.next_data(0) == formats::core::ByteRange{4096, 4096});
  CHECK(*chain.next_data(5000) == formats::core::ByteRange{5000, 3192});
  CHECK(chain.next_data(8192)->length_bytes == 0);
  CHECK(chain.next_data(99999)->length_bytes == 0);
}
