// The two edits of a .vmx that an intent takes: before the CTK files are dealt with, and after. Each says what it did.
#pragma once

#include <string>

#include "formats/text/document.h"
#include "repair/intent.h"

namespace cbtctl::repair {

// Every other key as it shall be, and the CBT keys FALSE that shall be or that go FALSE in between: those of stripped
// disks, and the machine's own unless `some_stays` (Outlook), since a disk that stays tracked would lose writes by
// that.
std::string put_keys_off(formats::text::Document& document, const Intent& intent, bool some_stays);

std::string put_keys_on(formats::text::Document& document, const Intent& intent);

}  // namespace cbtctl::repair
