// What each of the words from offset 16 to 40 is, the reading says. libvmdk saw two 8-byte numbers at 16 and 24: a
// number that stands there is shown with its upper half.
#include "formats/ctk/fields.h"

#include <algorithm>
#include <string>

#include "formats/core/hex.h"

namespace formats::ctk {
namespace {

std::uint32_t word(const Header& header, std::size_t index) { return header.words_16[index]; }

std::string prefixed_hex(std::uint32_t value) { return "0x" + core::hex32(value); }

std::string with_hex(std::uint32_t value) { return std::to_string(value) + " (" + prefixed_hex(value) + ")"; }

std::string name_of(WordRole role) {
  switch (role) {
    case WordRole::capacity:
      return "capacity_sectors";
    case WordRole::block_size:
      return "block_size_sectors";
    case WordRole::block_count:
      return "block_count";
    case WordRole::table_bytes:
      return "table_bytes";
    case WordRole::file_bytes:
      return "file_bytes";
    case WordRole::epoch:
      return "epoch";
    case WordRole::empty:
    case WordRole::other:
      break;
  }
  return "unknown";
}

bool is_proved(WordRole role) {
  return role == WordRole::capacity || role == WordRole::block_size || role == WordRole::block_count;
}

// A number that stands at several places is proved as a number, not at each of them.
bool stands_twice(const Header& header, const Reading& reading, std::size_t index) {
  if (reading.roles[index] == WordRole::capacity) return wide_word(header, 0) == wide_word(header, 2);
  return std::ranges::count_if(header.words_16, [&](std::uint32_t other) { return other == word(header, index); }) > 1;
}

Confidence confidence_of(const Header& header, const Reading& reading, std::size_t index) {
  const WordRole role = reading.roles[index];
  if (role == WordRole::empty || role == WordRole::other) return Confidence::unknown;
  const bool is_confirmed =
      reading.layout == Layout::confirmed && is_proved(role) && !stands_twice(header, reading, index);
  return is_confirmed ? Confidence::confirmed : Confidence::inferred;
}

bool is_wide(const Reading& reading, std::size_t index) {
  if (reading.roles[index] == WordRole::capacity) return true;
  const bool seen_wide = index == 0 || index == 2;
  return seen_wide && reading.roles[index] == WordRole::block_count && reading.roles[index + 1] == WordRole::empty;
}

std::string value_of(const Header& header, const Reading& reading, std::size_t index) {
  if (is_wide(reading, index)) return std::to_string(wide_word(header, index));
  const bool is_known = confidence_of(header, reading, index) != Confidence::unknown;
  return is_known ? std::to_string(word(header, index)) : with_hex(word(header, index));
}

void append_words(const Header& header, const Reading& reading, std::vector<Field>& out) {
  for (std::size_t i = 0; i < word_count;) {
    const std::size_t words = is_wide(reading, i) ? 2 : 1;
    out.push_back({word_offset_bytes(i), static_cast<std::uint32_t>(4 * words), name_of(reading.roles[i]),
                   value_of(header, reading, i), confidence_of(header, reading, i)});
    i += words;
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
