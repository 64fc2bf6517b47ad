#include "formats/core/checked.h"
#include "formats/vmdk/sparse.h"

namespace formats::vmdk {

// A GPT disk has a protective MBR before it: the GPT header in the second sector is asked first.
DiskSignature first_sector_signature(std::span<const std::byte> first_two_sectors) {
  constexpr std::uint64_t gpt_magic = 0x5452415020494645;  // "EFI PART"
  constexpr std::uint16_t mbr_magic = 0xAA55;
  if (core::load<le64>(first_two_sectors, core::sector_bytes) == gpt_magic) return DiskSignature::gpt;
  if (core::load<le16>(first_two_sectors, 510) == mbr_magic) return DiskSignature::mbr;
  return DiskSignature::none;
}

std::string_view name_of(DiskSignature signature) {
  switch (signature) {
    case DiskSignature::none:
      return "none";
    case DiskSignature::mbr:
      return "MBR";
    case DiskSignature::gpt:
      return "GPT";
  }
  return {};
}

}  // namespace formats::vmdk
