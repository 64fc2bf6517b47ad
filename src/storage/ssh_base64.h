// Base64 as OpenSSH's files hold it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cbtctl::storage {

[[nodiscard]] std::string base64(std::string_view bytes);  // with padding
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace cbtctl::storage
