#include "formats/ctk/tracking_file.h"

#include <algorithm>
#include <cstring>

#include "formats/core/checked.h"
#include "formats/core/hex.h"
#include "formats/ctk/fields.h"

namespace formats::ctk {
namespace {

constexpr decltype(Header::padding) no_padding{};

bool is_set(std::byte byte) { return byte != std::byte{0}; }

std::vector<std::uint32_t> explaining_block_sizes(std::uint64_t file_bytes, std::uint64_t capacity_sectors) {
  std::vector<std::uint32_t> sizes;
  for (std::uint32_t sectors = least_block_sectors; sectors <= greatest_block_sectors; sectors *= 2) {
    if (explains(file_bytes, capacity_sectors, sectors)) sizes.push_back(sectors);
  }
  return sizes;
}

void note_epoch(Reading& reading, const Header& header) {
  if (reading.epoch) return;
  if (reading.is_behind_table) {
    return reading.notes.push_back("every word that could be the epoch is below the table's newest entry, " +
                                   std::to_string(*reading.epoch_at_least));
  }
  std::string words;
  for (std::size_t i = 0; i < word_count; ++i) {
    if (reading.roles[i] != WordRole::other) continue;
    words += (words.empty() ? "" : ", ") + std::to_string(header.words_16[i]) + " at offset " +
             std::to_string(word_offset_bytes(i));
  }
  reading.notes.push_back(words.empty() ? "no word from offset 16 to 40 can be the epoch"
                                        : "several words can be the epoch: " + words);
}

void note_fit(Reading& reading, std::uint64_t file_bytes, const Circumstances& known) {
  const std::string size = "the file's size of " + std::to_string(file_bytes) + " bytes";
  if (reading.fit == Fit::not_understood) {
    reading.notes.push_back(
        "no capacity at offset 16 or 24 and block size at an offset from 16 to 40 are alone in "
        "explaining " +
        size);
  }
  if (reading.fit == Fit::cut) {
    reading.notes.push_back(size + " cuts the table, which needs " + std::to_string(table_end_bytes(reading)));
  }
  if (reading.fit == Fit::covers_less || reading.fit == Fit::covers_more) {
    reading.notes.push_back("the table covers " + std::to_string(covered_sectors(reading, file_bytes)) +
                            " sectors, the disk has " + std::to_string(*known.disk_sectors));
  }
}

void note_oddities(Reading& reading, const Header& header) {
  const auto expect = [&reading](const std::string& what, std::uint32_t found, const std::string& expected) {
    reading.notes.push_back(what + " is " + std::to_string(found) + ", expected " + expected);
  };
  if (auto note = version_note(reading)) reading.notes.push_back(std::move(*note));
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
  const std::uint64_t end_bytes = table_end_bytes(reading);
  if (file_bytes <= end_bytes) return;
  reading.notes.push_back("the file goes on behind its table: " + std::to_string(file_bytes - end_bytes) +
                          " bytes from offset " + std::to_string(end_bytes));
}

void take(const Choice& choice, const Header& header, const Circumstances& known, Reading& reading) {
  reading.layout = header.version == 1 ? Layout::confirmed : Layout::inferred;
  reading.fit = choice.fit;
  reading.capacity_sectors = choice.pair.capacity_sectors;
  reading.block_sectors = choice.pair.block_sectors;
  reading.blocks = choice.pair.blocks;
  if (!choice.pair.block_at)
    reading.notes.push_back("no word holds the block size: it is what explains the file's size");
  const EpochReading found = read_epoch(header, choice.pair, known.newest_entry);
  reading.epoch = found.epoch;
  if (!found.epoch) reading.epoch_at_least = known.newest_entry;
  reading.is_behind_table = found.is_behind_table;
  reading.roles = found.roles;
  if (std::ranges::any_of(header.uuid, is_set)) reading.uuid = header.uuid;
  note_epoch(reading, header);
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

Reading read(const Header& header, std::uint64_t file_bytes, const Circumstances& known) {
  Reading reading;
  reading.version = header.version;
  reading.flags = header.word_8;
  if (const auto choice = choose(header, file_bytes, known.disk_sectors)) take(*choice, header, known, reading);
  note_fit(reading, file_bytes, known);
  note_oddities(reading, header);
  note_tail(reading, file_bytes);
  if (known.with_fields) reading.fields = fields_of(header, reading);
  return reading;
}

std::optional<std::string> version_note(const Reading& reading) {
  if (reading.version == 1) return std::nullopt;
  const std::string version = "version " + std::to_string(reading.version);
  return reading.is_understood() ? version + ", read by the layout of version 1"
                                 : version + ", whose layout is not known";
}

std::uint64_t table_end_bytes(const Reading& reading) { return header_bytes + *reading.blocks * entry_bytes; }

std::uint64_t covered_sectors(const Reading& reading, std::uint64_t file_bytes) {
  const std::uint64_t entries = (std::max<std::uint64_t>(file_bytes, header_bytes) - header_bytes) / entry_bytes;
  return entries >= *reading.blocks ? *reading.capacity_sectors : entries * *reading.block_sectors;
}

bool size_explains(std::uint64_t file_bytes, std::uint64_t disk_capacity_sectors) {
  return !explaining_block_sizes(file_bytes, disk_capacity_sectors).empty();
}

}  // namespace formats::ctk
