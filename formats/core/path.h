// Paths as text, with '/', never touching a file system. Bytes are bytes: a name need not be UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace formats::core {

// "a" and "b" -> "a/b"; an empty part adds nothing.
[[nodiscard]] std::string join(std::string_view folder, std::string_view name);

// Without ".", "..", doubled and last '/'; nullopt if it climbs above its beginning.
[[nodiscard]] std::optional<std::string> normalise(std::string_view path);

// "a/b/c" -> "a/b"; "c" -> "".
[[nodiscard]] std::string_view parent_of(std::string_view path);
// "a/b/c" -> "c".
[[nodiscard]] std::string_view file_name(std::string_view path);

// "a.b/c.d.vmx" -> "a.b/c.d" and ".vmx". A dot of a folder begins no extension, the first byte of a name may.
[[nodiscard]] std::string_view stem_of(std::string_view path);
[[nodiscard]] std::string_view extension_of(std::string_view path);

// Whether a request may use it: relative, without "..", without NUL.
[[nodiscard]] bool is_inside(std::string_view path);

}  // namespace formats::core
