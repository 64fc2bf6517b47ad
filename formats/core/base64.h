// Base64 with padding: bytes of any encoding inside JSON, and in OpenSSH's files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace formats::core {

[[nodiscard]] std::string to_base64(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);  // nothing: it is none

}  // namespace formats::core
