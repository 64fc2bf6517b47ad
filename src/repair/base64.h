// Bytes of any encoding inside JSON.
#pragma once

#include <optional>
#include <string>

namespace cbtctl::repair {

[[nodiscard]] std::string to_base64(const std::string& bytes);
[[nodiscard]] std::optional<std::string> from_base64(const std::string& text);  // nothing: it is none

}  // namespace cbtctl::repair
