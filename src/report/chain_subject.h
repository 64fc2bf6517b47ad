// What the documents about one disk with its parents have in common.
#pragma once

#include <string>

#include "report/chain.h"
#include "report/json.h"

namespace cbtctl::report {

// `vm`, `slot`, `path` and `error`; the verb adds the rest.
[[nodiscard]] Json subject_json(const ChainSubject& subject);
// A file that the user named and that could not be opened: the error says all, and stands on standard error.
[[nodiscard]] bool shows_nothing(const ChainSubject& subject);
// "a/b.vmdk (scsi0:0)".
[[nodiscard]] std::string title_of(const ChainSubject& subject);

}  // namespace cbtctl::report
