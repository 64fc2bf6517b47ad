// Where a device sits: "scsi0:0", "sata1:29", "ide0:0", "nvme0:14". Ordered by bus, controller and unit, as numbers.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace formats::vmx {

enum class Bus { scsi, sata, ide, nvme };

struct Slot {
  Bus bus = Bus::scsi;
  unsigned controller_number = 0;
  unsigned unit = 0;

  [[nodiscard]] std::string controller() const;                 // "scsi0"
  [[nodiscard]] std::string text() const;                       // "scsi0:0"
  friend auto operator<=>(const Slot&, const Slot&) = default;  // NOLINT(modernize-use-nullptr)
};

// "scsi0:0.fileName" taken apart.
struct SlotKey {
  Slot slot;
  std::string_view field;  // "fileName", as written
};

// What a key speaks of that begins with a slot, in any case. Any numbers are taken.
[[nodiscard]] std::optional<SlotKey> slot_key(std::string_view key);

}  // namespace formats::vmx
