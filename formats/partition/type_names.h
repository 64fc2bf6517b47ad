// What the types of partitions are called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace formats::partition {

// Holds logical partitions and no data of its own.
[[nodiscard]] bool is_extended(std::uint8_t mbr_type);

[[nodiscard]] std::string mbr_type_name(std::uint8_t type);                    // "NTFS", "type 0x42"
[[nodiscard]] std::string gpt_type_name(std::span<const std::byte, 16> type);  // "EFI system", "type 0fc63daf..."
[[nodiscard]] std::string utf8_of(std::u16string_view name);                   // a lone surrogate is U+FFFD

}  // namespace formats::partition
