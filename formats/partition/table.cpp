// The second sector is asked first: before a GPT stands an MBR that only says that the disk is taken.
#include "formats/partition/table.h"

#include <algorithm>
#include <array>
#include <optional>

#include "formats/core/checked.h"
#include "formats/core/endian.h"
#include "formats/core/hex.h"
#include "formats/partition/type_names.h"

namespace formats::partition {
namespace {

using core::le16;
using core::le32;
using core::le64;
using core::Result;
using core::sector_bytes;
using core::Status;

struct MbrEntry {
  std::array<std::uint8_t, 4> boot_and_first{};
  std::uint8_t type = 0;
  std::array<std::uint8_t, 3> last{};
  le32 first_sector;
  le32 sectors;
};
static_assert(sizeof(MbrEntry) == 16);

struct MbrSector {
  std::array<std::uint8_t, 446> code{};
  std::array<MbrEntry, 4> entries{};
  le16 magic;
};
static_assert(sizeof(MbrSector) == sector_bytes);

struct GptHeader {
  le64 magic;
  le32 revision, header_bytes, header_checksum, reserved;
  le64 own_sector, other_sector, first_usable_sector, last_usable_sector;
  std::array<std::byte, 16> disk_guid{};
  le64 entries_sector;
  le32 entries, entry_bytes, entries_checksum;
};
static_assert(sizeof(GptHeader) == 92);

struct GptEntry {
  std::array<std::byte, 16> type{};
  std::array<std::byte, 16> guid{};
  le64 first_sector, last_sector, attributes;
  std::array<le16, 36> name{};
};
static_assert(sizeof(GptEntry) == 128);

constexpr std::uint16_t mbr_magic = 0xAA55;
constexpr std::uint64_t gpt_magic = 0x5452415020494645;  // "EFI PART"

class TableReader {
 public:
  explicit TableReader(const core::ByteSource& disk) : disk_(disk) {}

  Result<std::vector<Partition>> run() {
    const auto head = core::read_head(disk_, 2 * sector_bytes);
    if (!head) return head.error();
    const auto gpt = core::load<GptHeader>(*head, sector_bytes);
    const auto mbr = core::load<MbrSector>(*head);
    Status read = core::success();
    if (gpt && gpt->magic == gpt_magic)
      read = read_gpt(*gpt);
    else if (mbr && mbr->magic == mbr_magic)
      read = read_mbr(*mbr);
    if (!read) return read.error();
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Partition& a, const Partition& b) { return a.offset_bytes < b.offset_bytes; });
    return std::move(found_);
  }

 private:
  void add(std::uint64_t first_sector, std::uint64_t sectors, std::string label) {
    const auto offset = core::checked_multiply(first_sector, sector_bytes);
    if (!offset || *offset >= disk_.size_bytes() || sectors == 0 || found_.size() == most_partitions) return;
    const std::uint64_t left = disk_.size_bytes() - *offset;
    found_.push_back(
        {*offset, std::min(core::checked_multiply(sectors, sector_bytes).value_or(left), left), std::move(label)});
  }

  Status read_mbr(const MbrSector& mbr) {
    for (const MbrEntry& entry : mbr.entries) {
      if (!is_extended(entry.type)) {
        if (entry.type != 0) add(entry.first_sector, entry.sectors, mbr_type_name(entry.type));
        continue;
      }
      if (const auto read = read_logical(entry.first_sector); !read) return read;
    }
    return core::success();
  }

  // Each logical partition stands in a sector of its own, which names the next; all places count from the first of
  // these sectors. They must ascend, so that a loop ends.
  Status read_logical(std::uint64_t extended_sector) {
    for (std::uint64_t at = extended_sector;;) {
      const auto bytes = core::read_exact(disk_, at * sector_bytes, sector_bytes);
      if (!bytes) return bytes.error().kind == core::ErrorKind::truncated ? core::success() : Status(bytes.error());
      const auto sector = *core::load<MbrSector>(*bytes);
      if (sector.magic != mbr_magic) return core::success();
      const MbrEntry& entry = sector.entries[0];
      const MbrEntry& next = sector.entries[1];
      if (entry.type != 0) add(at + entry.first_sector, entry.sectors, mbr_type_name(entry.type));
      if (!is_extended(next.type) || extended_sector + next.first_sector <= at) return core::success();
      at = extended_sector + next.first_sector;
    }
  }

  Status read_gpt(const GptHeader& header) {
    constexpr std::uint32_t most_entry_bytes = 4096;
    if (header.entry_bytes < sizeof(GptEntry) || header.entry_bytes > most_entry_bytes) return core::success();
    const auto begin = core::checked_multiply(header.entries_sector, sector_bytes);
    if (!begin || *begin >= disk_.size_bytes()) return core::success();
    const auto count =
        std::min<std::uint64_t>({header.entries, most_partitions, (disk_.size_bytes() - *begin) / header.entry_bytes});
    const auto bytes = core::read_exact(disk_, *begin, count * header.entry_bytes);
    if (!bytes) return bytes.error();
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto entry = *core::load<GptEntry>(*bytes, i * header.entry_bytes);
      const bool is_free = std::all_of(entry.type.begin(), entry.type.end(), [](auto b) { return b == std::byte{0}; });
      if (is_free || entry.last_sector < entry.first_sector) continue;
      add(entry.first_sector, entry.last_sector - entry.first_sector + 1, label_of(entry));
    }
    return core::success();
  }

  static std::string label_of(const GptEntry& entry) {
    std::u16string name;
    for (const le16 unit : entry.name) {
      if (unit == 0) break;
      name.push_back(static_cast<char16_t>(static_cast<std::uint16_t>(unit)));
    }
    return name.empty() ? gpt_type_name(entry.type) : utf8_of(name);
  }

  const core::ByteSource& disk_;
  std::vector<Partition> found_;
};

}  // namespace

Result<std::vector<Partition>> read_partitions(const core::ByteSource& disk) { return TableReader(disk).run(); }

}  // namespace formats::partition
