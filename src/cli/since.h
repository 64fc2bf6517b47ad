// What `--since` takes: a change id, an epoch number, or '*'.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "formats/ctk/tracking_file.h"

namespace cbtctl::cli {

// "*" is epoch 0. The UUID in lower case without blanks and dashes, as hex digits.
struct Since {
  std::uint32_t epoch = 0;
  std::optional<std::string> uuid;
};
[[nodiscard]] std::optional<Since> parse_since(const std::string& text);

[[nodiscard]] bool has_uuid(const formats::ctk::Reading& reading, const std::string& bare_uuid);

}  // namespace cbtctl::cli
