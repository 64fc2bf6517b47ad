// Text from files is data: what a terminal or a JSON reader may be given of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/core/counted.h"
#include "formats/core/utf8.h"

namespace cbtctl::report {

using formats::core::columns_of;
using formats::core::counted;
using formats::core::escaped;

// A word of a command line to paste: quoted for a shell where it must be.
[[nodiscard]] std::string shell_word(std::string_view text);
using formats::core::is_utf8;
using formats::core::lossy_utf8;

// "40 GiB", "1.5 TiB", "512 B".
[[nodiscard]] std::string human_size(std::uint64_t bytes);

// "2024-05-01T00:00:00Z".
[[nodiscard]] std::string rfc3339(std::int64_t seconds_since_1970);

}  // namespace cbtctl::report
