// The few edits that cbtctl makes in a .vmx and a descriptor; every other byte stays.
#pragma once

#include <string>
#include <string_view>

#include "formats/text/document.h"

namespace cbtctl::repair {

// Sets the key to TRUE or FALSE: an existing one in place, whatever its case, a missing one added once at the end. A
// value that says so already stays as it is.
void set_flag(formats::text::Document& document, std::string_view key, bool value);

// Whether the key, whatever its case, stands there and is TRUE.
[[nodiscard]] bool is_flag_on(const formats::text::Document& document, std::string_view key);

void remove_key(formats::text::Document& document, std::string_view key);

// Of a key that stands more than once, one line: the first or the last.
void keep_one(formats::text::Document& document, std::string_view key, bool first);

// These say what they did.
// Takes the tracking section out, and the version from 3 back to 1; any other version is left.
std::string remove_tracking(formats::text::Document& document);
// Version 3 back to 1.
std::string lower_version(formats::text::Document& document);

}  // namespace cbtctl::repair
