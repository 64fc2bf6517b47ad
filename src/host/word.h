// The word that frames a host's answers.
#pragma once

#include <string>

namespace cbtctl::host {

// 32 hex digits, new each time: no name or note on a host can hold it.
[[nodiscard]] std::string framing_word();

}  // namespace cbtctl::host
