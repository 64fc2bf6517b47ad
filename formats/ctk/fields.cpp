// The places of the numbers between offset 16 and 43 are not known, so a word is named by its value: what equals the
// capacity, the block size or the number of blocks of the reading is that number, wherever it stands. libvmdk saw two
// 8-byte numbers at 16 and 24: there a number is shown with its upper half, elsewhere only where that half is not zero.
#include "formats/ctk/fields.h"

#include <algorithm>
#include <optional>
#include <string>

#include "formats/core/hex.h"

namespace formats::ctk {
namespace {

std::uint32_t word(const Header& header, std::size_t index) { return header.words_16[index]; }

std::string prefixed_hex(std::uint32_t value) { return "0x" + core::hex32(value); }

std::string with_hex(std::uint32_t value) { return std::to_string(value) + " (" + prefixed_hex(value) + ")"; }

WordRole role_by_value(std::uint64_t value, const Reading& reading) {
  if (value == 0) return WordRole::empty;
  const bool is_size = reading.block_sectors == value;
  const bool is_count = reading.blocks == value;
  if (reading.capacity_sectors == value) return WordRole::capacity;
  if (is_size && is_count) return WordRole::block_size_or_count;
  if (is_size) return WordRole::block_size;
  return is_count ? WordRole::block_count : WordRole::other;
}

bool is_wide(const Header& header, const Reading& reading, std::size_t index) {
  if (index + 1 >= word_count) return false;
  const WordRole role = role_by_value(wide_word(header, index), reading);
  if (role == WordRole::empty || role == WordRole::other) return false;
  const bool seen_wide = index == 0 || index == 2;
  return seen_wide || word(header, index + 1) != 0;
}

std::string name_of(WordRole role) {
  switch (role) {
    case WordRole::capacity:
      return "capacity_sectors";
    case WordRole::block_size:
      return "block_size_sectors";
    case WordRole::block_count:
      return "block_count";
    case WordRole::block_size_or_count:
      return "block_size_or_count";
    case WordRole::empty:
    case WordRole::other:
      break;
  }
  return "unknown";
}

// A number that stands at several places is proved as a number, not at each of them.
Confidence confidence_of(WordRole role, const Header& header, const Reading& reading) {
  if (role == WordRole::empty || role == WordRole::other) return Confidence::unknown;
  if (reading.layout != Layout::confirmed || role == WordRole::block_size_or_count) return Confidence::inferred;
  std::size_t places = 0;
  for (std::size_t i = 0; i < word_count; ++i) {
    const bool wide = is_wide(header, reading, i);
    if (role_by_value(wide ? wide_word(header, i) : word(header, i), reading) == role) ++places;
    if (wide) ++i;
  }
  return places == 1 ? Confidence::confirmed : Confidence::inferred;
}

Field word_field(const Header& header, const Reading& reading, std::size_t index, WordRole role) {
  const std::uint32_t value = word(header, index);
  const std::uint32_t offset = word_offset_bytes(index);
  if (role == WordRole::other && reading.epoch == value) {
    return {offset, 4, "epoch", std::to_string(value), Confidence::inferred};
  }
  const bool understood = role != WordRole::empty && role != WordRole::other;
  return {offset, 4, name_of(role), understood ? std::to_string(value) : with_hex(value),
          confidence_of(role, header, reading)};
}

void append_words(const Header& header, const Reading& reading, std::vector<Field>& out) {
  const std::array<WordRole, word_count> roles = roles_of(header, reading);
  for (std::size_t i = 0; i < word_count; ++i) {
    if (is_wide(header, reading, i)) {
      const WordRole role = role_by_value(wide_word(header, i), reading);
      out.push_back({word_offset_bytes(i), 8, name_of(role), std::to_string(wide_word(header, i)),
                     confidence_of(role, header, reading)});
      ++i;
    } else {
      out.push_back(word_field(header, reading, i, roles[i]));
    }
  }
}

std::string uuid_value(const Header& header) {
  const bool is_zero = std::ranges::all_of(header.uuid, [](std::byte byte) { return byte == std::byte{0}; });
  return is_zero ? "16 zero bytes" : core::uuid_text(header.uuid);
}

std::string padding_value(const Header& header) {
  const auto is_set = [](std::byte byte) { return byte != std::byte{0}; };
  const auto count = std::ranges::count_if(header.padding, is_set);
  if (count == 0) return std::to_string(header.padding.size()) + " zero bytes";
  const auto first = std::ranges::find_if(header.padding, is_set) - header.padding.begin();
  const auto offset = offsetof(Header, padding) + static_cast<std::size_t>(first);
  return std::to_string(count) + " bytes not zero, first at offset " + std::to_string(offset);
}

}  // namespace

std::uint64_t wide_word(const Header& header, std::size_t index) {
  return word(header, index) | (std::uint64_t{word(header, index + 1)} << 32);
}

std::array<WordRole, word_count> roles_of(const Header& header, const Reading& reading) {
  std::array<WordRole, word_count> roles{};
  for (std::size_t i = 0; i < word_count; ++i) roles[i] = role_by_value(word(header, i), reading);
  for (std::size_t i = 0; i + 1 < word_count; ++i) {
    if (word(header, i + 1) == 0) continue;
    const WordRole role = role_by_value(wide_word(header, i), reading);
    if (role != WordRole::other) roles[i] = roles[i + 1] = role;
  }
  return roles;
}

std::vector<Field> fields_of(const Header& header, const Reading& reading) {
  std::vector<Field> fields;
  fields.push_back({0, 4, "magic", prefixed_hex(header.magic), Confidence::documented});
  fields.push_back({4, 4, "version", std::to_string(header.version), Confidence::documented});
  fields.push_back({8, 4, "flags_or_dirty_mark", with_hex(header.word_8), Confidence::unknown});
  fields.push_back({12, 4, "table_offset_or_sector_size", with_hex(header.word_12), Confidence::inferred});
  append_words(header, reading, fields);
  fields.push_back({44, 16, "uuid", uuid_value(header), Confidence::inferred});
  fields.push_back({60, 452, "padding", padding_value(header), Confidence::inferred});
  return fields;
}

}  // namespace formats::ctk
