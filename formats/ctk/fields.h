// A CTK header as a list of fields that covers every byte.
#pragma once

#include <vector>

#include "formats/ctk/tracking_file.h"

namespace formats::ctk {

// All 512 bytes in order.
[[nodiscard]] std::vector<Field> fields_of(const Header& header, const Reading& reading);

}  // namespace formats::ctk
