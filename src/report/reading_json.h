// What a CTK file's header says, as every document has it.
#pragma once

#include <optional>

#include "formats/ctk/tracking_file.h"
#include "report/json.h"

namespace cbtctl::report {

// `layout`, `block_size_bytes`, `blocks`, `epoch` and `uuid`; null where nothing was read.
void put_reading(Json& object, const std::optional<formats::ctk::Reading>& reading);

}  // namespace cbtctl::report
