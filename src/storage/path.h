// Paths as text: relative to a root, with '/', never touching a file system.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cbtctl::storage {

// "a" and "b" -> "a/b"; an empty part adds nothing.
[[nodiscard]] std::string join(std::string_view folder, std::string_view name);

// Without ".", "..", doubled and last '/'; nothing where it climbs above its beginning.
[[nodiscard]] std::optional<std::string> normalise(std::string_view path);

// "a/b/c" -> "a/b"; "c" -> "".
[[nodiscard]] std::string_view parent_of(std::string_view path);
// "a/b/c" -> "c".
[[nodiscard]] std::string_view file_name(std::string_view path);

// Whether a request may use it: relative, without "..", without NUL.
[[nodiscard]] bool is_inside(std::string_view path);

}  // namespace cbtctl::storage
