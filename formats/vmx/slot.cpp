#include "formats/vmx/slot.h"

#include <array>
#include <charconv>

#include "formats/text/document.h"

namespace formats::vmx {
namespace {

constexpr std::array<std::string_view, 4> bus_names{"scsi", "sata", "ide", "nvme"};

// Takes the number that `text` begins with off it. "007" is no number here: keys are compared as text.
std::optional<unsigned> take_number(std::string_view& text) {
  unsigned value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (code != std::errc{} || length == 0 || (length > 1 && text[0] == '0')) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

}  // namespace

std::string Slot::controller() const {
  return std::string(bus_names[static_cast<std::size_t>(bus)]) + std::to_string(controller_number);
}

std::string Slot::text() const { return controller() + ':' + std::to_string(unit); }

std::optional<SlotKey> slot_key(std::string_view key) {
  if (key.find(':') == std::string_view::npos) return std::nullopt;  // nearly all
  for (std::size_t bus = 0; bus < bus_names.size(); ++bus) {
    if (!text::equal_ignoring_case(key.substr(0, bus_names[bus].size()), bus_names[bus])) continue;
    std::string_view rest = key.substr(bus_names[bus].size());
    const auto controller = take_number(rest);
    if (!controller || !rest.starts_with(':')) return std::nullopt;
    rest.remove_prefix(1);
    const auto unit = take_number(rest);
    if (!unit || !rest.starts_with('.')) return std::nullopt;
    return SlotKey{{static_cast<Bus>(bus), *controller, *unit}, rest.substr(1)};
  }
  return std::nullopt;
}

}  // namespace formats::vmx
