// How a header is understood. Nobody has published it, but its numbers must agree with the size of its file: a table
// of 4 bytes for each block of B sectors of a disk of C sectors. So every C at 16 or 24 and every B from 16 to 40 are
// tried together. Exactly one pair of values that explains the size proves both; then what is left over of the words,
// if it is one word, is the epoch. Several pairs prove nothing, even if one of them names the disk's own capacity:
// then, as with none, the size is held against the disk's capacity alone, which says how large the table is but not
// what the header means.
#include "formats/ctk/tracking_file.h"

#include <algorithm>
#include <cstring>

#include "formats/core/checked.h"
#include "formats/core/hex.h"
#include "formats/ctk/fields.h"

namespace formats::ctk {
namespace {

struct Pair {
  std::uint64_t capacity_sectors = 0;
  std::uint32_t block_sectors = 0;
  friend bool operator==(const Pair&, const Pair&) = default;
};

bool is_block_size(std::uint32_t sectors) {
  return core::is_power_of_two(sectors) && sectors >= least_block_sectors && sectors <= greatest_block_sectors;
}

constexpr decltype(Header::padding) no_padding{};

bool is_set(std::byte byte) { return byte != std::byte{0}; }

std::vector<Pair> explaining_pairs(const Header& header, std::uint64_t file_bytes) {
  std::vector<Pair> pairs;
  for (const std::size_t place : {std::size_t{0}, std::size_t{2}}) {
    const std::uint64_t capacity = wide_word(header, place);
    for (std::size_t i = 0; i < word_count; ++i) {
      const bool overlaps = i == place || i == place + 1;
      const Pair pair{capacity, header.words_16[i]};
      if (overlaps || capacity == 0 || !is_block_size(pair.block_sectors)) continue;
      if (!explains(file_bytes, capacity, pair.block_sectors)) continue;
      if (std::ranges::find(pairs, pair) == pairs.end()) pairs.push_back(pair);
    }
  }
  return pairs;
}

std::vector<std::uint32_t> explaining_block_sizes(std::uint64_t file_bytes, std::uint64_t capacity_sectors) {
  std::vector<std::uint32_t> sizes;
  for (std::uint32_t sectors = least_block_sectors; sectors <= greatest_block_sectors; sectors *= 2) {
    if (explains(file_bytes, capacity_sectors, sectors)) sizes.push_back(sectors);
  }
  return sizes;
}

std::string text_of(const std::vector<Pair>& pairs) {
  std::string text;
  for (const Pair& pair : pairs) {
    if (!text.empty()) text += ", ";
    text += std::to_string(pair.capacity_sectors) + " and " + std::to_string(pair.block_sectors);
  }
  return text;
}

void set_block(Reading& reading, std::uint32_t block_sectors) {
  reading.block_sectors = block_sectors;
  reading.blocks = core::divide_up(*reading.capacity_sectors, block_sectors);
}

void infer_from_disk(Reading& reading, std::uint64_t file_bytes, std::uint64_t disk_capacity_sectors) {
  const std::vector<std::uint32_t> sizes = explaining_block_sizes(file_bytes, disk_capacity_sectors);
  if (disk_capacity_sectors == 0 || sizes.empty()) {
    reading.notes.push_back("no block size explains the file's size of " + std::to_string(file_bytes) +
                            " bytes for the disk's capacity of " + std::to_string(disk_capacity_sectors) + " sectors");
    return;
  }
  reading.layout = Layout::inferred;
  reading.capacity_sectors = disk_capacity_sectors;
  if (sizes.size() == 1) {
    set_block(reading, sizes.front());
    reading.notes.push_back("capacity is the disk's own, and a block of " + std::to_string(sizes.front()) +
                            " sectors is the only one that explains the file's size with it");
  } else {
    reading.notes.push_back("capacity is the disk's own, and block sizes from " + std::to_string(sizes.front()) +
                            " to " + std::to_string(sizes.back()) + " sectors explain the file's size with it");
  }
}

void find_layout(Reading& reading, const Header& header, std::uint64_t file_bytes,
                 std::optional<std::uint64_t> disk_capacity_sectors) {
  const std::vector<Pair> pairs = explaining_pairs(header, file_bytes);
  if (pairs.size() == 1) {
    reading.layout = Layout::confirmed;
    reading.capacity_sectors = pairs.front().capacity_sectors;
    set_block(reading, pairs.front().block_sectors);
    return;
  }
  const std::string size = "the file's size of " + std::to_string(file_bytes) + " bytes";
  reading.notes.push_back(
      pairs.empty() ? "no capacity at offset 16 or 24 with a block size at an offset from 16 to 40 explains " + size
                    : "several pairs of capacity and block size explain " + size + ": " + text_of(pairs));
  if (disk_capacity_sectors) infer_from_disk(reading, file_bytes, *disk_capacity_sectors);
}

void find_epoch(Reading& reading, const Header& header) {
  if (reading.layout == Layout::unrecognised) return;
  if (!reading.block_sectors) {
    reading.notes.push_back("the epoch cannot be told apart from the block size, which is not known");
    return;
  }
  const std::array<WordRole, word_count> roles = roles_of(header, reading);
  std::string candidates;
  for (std::size_t i = 0; i < word_count; ++i) {
    if (roles[i] != WordRole::other) continue;
    if (candidates.empty()) reading.epoch = header.words_16[i];
    candidates += (candidates.empty() ? "" : ", ") + std::to_string(header.words_16[i]) + " at offset " +
                  std::to_string(word_offset_bytes(i));
  }
  if (std::ranges::count(roles, WordRole::other) == 1) return;
  reading.epoch.reset();
  reading.notes.push_back(candidates.empty() ? "no word from offset 16 to 40 can be the epoch"
                                             : "several words can be the epoch: " + candidates);
}

void note_oddities(Reading& reading, const Header& header) {
  const auto expect = [&reading](const std::string& what, std::uint32_t found, const std::string& expected) {
    reading.notes.push_back(what + " is " + std::to_string(found) + ", expected " + expected);
  };
  if (header.version != 1) expect("version", header.version, "1: what other versions change is not known");
  if (header.word_8 != 0) expect("word at offset 8", header.word_8, "0: may be the mark of an unclean stop: not known");
  if (header.word_12 != header_bytes) {
    expect("word at offset 12", header.word_12, "512: the table's offset or a sector size, not known");
  }
  if (std::ranges::none_of(header.uuid, is_set)) reading.notes.emplace_back("uuid at offset 44 is all zeros");
  if (std::memcmp(header.padding.data(), no_padding.data(), no_padding.size()) != 0) {
    reading.notes.emplace_back("padding from offset 60 to 511 is not all zeros: a meaning of it is not known");
  }
}

void note_tail(Reading& reading, std::uint64_t file_bytes) {
  if (!reading.blocks) return;
  const std::uint64_t table_end_bytes = header_bytes + *reading.blocks * entry_bytes;
  if (file_bytes <= table_end_bytes) return;
  reading.notes.push_back("the file goes on behind its table: " + std::to_string(file_bytes - table_end_bytes) +
                          " bytes from offset " + std::to_string(table_end_bytes));
}

}  // namespace

std::string_view name_of(Confidence confidence) {
  switch (confidence) {
    case Confidence::documented:
      return "documented";
    case Confidence::confirmed:
      return "confirmed";
    case Confidence::inferred:
      return "inferred";
    case Confidence::unknown:
      break;
  }
  return "unknown";
}

std::string_view name_of(Layout layout) {
  switch (layout) {
    case Layout::confirmed:
      return "confirmed";
    case Layout::inferred:
      return "inferred";
    case Layout::unrecognised:
      break;
  }
  return "unrecognised";
}

std::optional<std::string> Reading::uuid_text() const {
  if (!uuid) return std::nullopt;
  return core::uuid_text(*uuid);
}

std::optional<std::string> Reading::change_id() const {
  if (!uuid || !epoch) return std::nullopt;
  return core::uuid_text(*uuid) + "/" + std::to_string(*epoch);
}

core::Result<Header> decode(std::span<const std::byte> head) {
  const std::optional<Header> header = core::load<Header>(head);
  if (!header) {
    return core::Error{core::ErrorKind::truncated, "ctk header ends at byte " + std::to_string(head.size()) +
                                                       ", expected " + std::to_string(header_bytes) + " bytes"};
  }
  if (header->magic != signature) {
    return core::Error{core::ErrorKind::malformed, "ctk header begins with bytes " + core::hex_bytes(head.first(4)) +
                                                       ", expected the signature a27219f6"};
  }
  return *header;
}

bool explains(std::uint64_t file_bytes, std::uint64_t capacity_sectors, std::uint32_t block_sectors) {
  if (block_sectors == 0) return false;
  const auto table_bytes = core::checked_multiply(core::divide_up(capacity_sectors, block_sectors), entry_bytes);
  if (!table_bytes || *table_bytes > file_bytes || file_bytes - *table_bytes < header_bytes) return false;
  const std::uint64_t least_bytes = header_bytes + *table_bytes;
  if (file_bytes == least_bytes) return true;
  return std::ranges::any_of(std::array<std::uint64_t, 3>{512, 4096, 65536}, [&](std::uint64_t unit) {
    return file_bytes % unit == 0 && file_bytes - least_bytes < unit;
  });
}

Reading read(const Header& header, std::uint64_t file_bytes, std::optional<std::uint64_t> disk_capacity_sectors,
             bool with_fields) {
  Reading reading;
  reading.version = header.version;
  find_layout(reading, header, file_bytes, disk_capacity_sectors);
  find_epoch(reading, header);
  if (reading.layout != Layout::unrecognised && std::ranges::any_of(header.uuid, is_set)) reading.uuid = header.uuid;
  note_oddities(reading, header);
  note_tail(reading, file_bytes);
  if (with_fields) reading.fields = fields_of(header, reading);
  return reading;
}

bool size_explains(std::uint64_t file_bytes, std::uint64_t disk_capacity_sectors) {
  return !explaining_block_sizes(file_bytes, disk_capacity_sectors).empty();
}

}  // namespace formats::ctk
