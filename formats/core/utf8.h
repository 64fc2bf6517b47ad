// Text of unknown origin: what a terminal or a JSON reader may be given of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace formats::core {

[[nodiscard]] bool is_utf8(std::string_view bytes);

// Every control character, also those of C1 and the bidirectional ones, as `\n`, `\x1b`, `\u202e`; bytes that are no
// UTF-8 as `\xNN`; a backslash stays one.
[[nodiscard]] std::string escaped(std::string_view bytes);

// Valid UTF-8: what is none becomes U+FFFD.
[[nodiscard]] std::string lossy_utf8(std::string_view bytes);

// For comparing names as people do: letter case and Unicode form (NFC) aside. Bytes that are no UTF-8 are compared as
// they are, but for the case of ASCII letters.
[[nodiscard]] std::string casefolded(std::string_view text);

// How many columns a terminal takes for escaped text (East Asian wide characters take two).
[[nodiscard]] std::size_t columns_of(std::string_view utf8);

}  // namespace formats::core
