// What `--since` takes: a change id, an epoch number, or '*'.
#pragma once

#include <cstdint>
#include <string_view>

#include "formats/core/result.h"
#include "formats/ctk/tracking_file.h"

namespace formats::ctk {

// Whether the text is one of the three, whatever file it is asked of; `usage` where it is none.
[[nodiscard]] core::Status check_since(std::string_view text);

// The epoch that blocks must be newer than to count as changed, asked of the file with this header. `usage`: the text
// is none of the three. `unsupported`: the file cannot answer, since the id has another UUID, or the epoch lies above
// its own (or above `epoch_at_least`): the file is older than the id.
[[nodiscard]] core::Result<std::uint32_t> parse_since(const Reading& header, std::string_view text);

}  // namespace formats::ctk
