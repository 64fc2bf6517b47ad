#include "formats/partition/type_names.h"

#include <algorithm>
#include <array>

#include "formats/core/hex.h"

namespace formats::partition {
namespace {

struct MbrType {
  std::uint8_t type;
  std::string_view name;
};
constexpr std::array<MbrType, 17> mbr_types{{{0x01, "FAT12"},
                                             {0x04, "FAT16"},
                                             {0x06, "FAT16"},
                                             {0x07, "NTFS"},
                                             {0x0B, "FAT32"},
                                             {0x0C, "FAT32"},
                                             {0x0E, "FAT16"},
                                             {0x27, "Windows recovery"},
                                             {0x42, "Windows dynamic disk"},
                                             {0x82, "Linux swap"},
                                             {0x83, "Linux"},
                                             {0x8E, "Linux LVM"},
                                             {0xA5, "FreeBSD"},
                                             {0xEE, "GPT"},
                                             {0xEF, "EFI system"},
                                             {0xFB, "VMFS"},
                                             {0xFD, "Linux RAID"}}};

// By the first four bytes as they lie on the disk: among the types in use they tell one from another.
struct GptType {
  std::string_view begin;
  std::string_view name;
};
constexpr std::array<GptType, 13> gpt_types{{{"28732ac1", "EFI system"},
                                             {"16e3c9e3", "Microsoft reserved"},
                                             {"a2a0d0eb", "Microsoft basic data"},
                                             {"a4bb94de", "Windows recovery"},
                                             {"aac80858", "Windows dynamic data"},
                                             {"af3dc60f", "Linux"},
                                             {"6dfd5706", "Linux swap"},
                                             {"79d3d6e6", "Linux LVM"},
                                             {"0f889da1", "Linux RAID"},
                                             {"e3bc684f", "Linux root"},
                                             {"e1c73a93", "Linux home"},
                                             {"48616821", "BIOS boot"},
                                             {"2ae031aa", "VMFS"}}};

void append_utf8(std::string& out, char32_t code) {
  const auto byte = [&out](char32_t value) { out.push_back(static_cast<char>(static_cast<unsigned char>(value))); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      byte(0xE0 | code >> 12);
    } else {
      byte(0xF0 | code >> 18);
      byte(0x80 | (code >> 12 & 0x3F));
    }
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

bool is_high(char16_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(char16_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

}  // namespace

bool is_extended(std::uint8_t mbr_type) { return mbr_type == 0x05 || mbr_type == 0x0F || mbr_type == 0x85; }

std::string mbr_type_name(std::uint8_t type) {
  const auto found =
      std::find_if(mbr_types.begin(), mbr_types.end(), [&](const MbrType& known) { return known.type == type; });
  if (found != mbr_types.end()) return std::string(found->name);
  return "type 0x" + core::hex_bytes(std::array{std::byte{type}});
}

std::string gpt_type_name(std::span<const std::byte, 16> type) {
  const std::string begin = core::hex_bytes(type.first<4>());
  const auto found =
      std::find_if(gpt_types.begin(), gpt_types.end(), [&](const GptType& known) { return known.begin == begin; });
  return found != gpt_types.end() ? std::string(found->name) : "type " + core::hex_bytes(type);
}

std::string utf8_of(std::u16string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char16_t unit = name[i];
    const bool is_pair = is_high(unit) && i + 1 < name.size() && is_low(name[i + 1]);
    if (is_pair) {
      append_utf8(out, 0x10000 + (static_cast<char32_t>(unit - 0xD800) << 10) + (name[i + 1] - 0xDC00U));
      ++i;
    } else {
      append_utf8(out, is_high(unit) || is_low(unit) ? U'\uFFFD' : static_cast<char32_t>(unit));
    }
  }
  return out;
}

}  // namespace formats::partition
