// The keys that switch Changed Block Tracking, and slips of the pen that were meant for one.
#pragma once

#include <string>
#include <string_view>

namespace formats::vmx {

// Of a key in small letters: "ctkenabled", "ctkdisallowed", or "ctkenabled" of any device.
[[nodiscard]] bool is_cbt_key(std::string_view key);

// What a key that does nothing was meant to be; empty where it is none of these. `changeTrackingEnabled` is the name
// that the API has for it.
[[nodiscard]] std::string meant_by(std::string_view written);

}  // namespace formats::vmx
