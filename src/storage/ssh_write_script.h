// The shell texts by which a Writer looks at a host and changes it; constants, as those of ssh_script.h, and run by the
// same resident script. Of all storage scripts `changing` is the one that writes.
//
// A path is relative to the root. No part of it may be a link, but for a datastore's name below /vmfs/volumes.
#pragma once

#include <string_view>

namespace cbtctl::storage {

// Arguments: a letter and right after it a path, each; "s" status, "c" content, "d" digest, "n" names, "h" the first
// 512 bytes. Per argument one record: "s" as ssh_script.h has it, "c", "d", "n" or "h" with the answer (names end in
// '/', which none can hold), or "e" with what is wrong: "missing", "outside", "folder", or the words of a program.
[[nodiscard]] std::string_view question_script();

// Six arguments a change, handed to it six at a time, since each is a process of its own: an operation, two paths,
// data, a path without which nothing is done (or nothing), and ".", so that what was cut on its way is never half done.
// The first failure ends the whole run. Per change a record "y", or at the end "x" with what is wrong: "exists",
// "missing", "outside", "folder", "lock", "owner", "changed", or the words of a program.
//
// Operations: F make a folder, f the same where it is missing, n a new file with data and the mode and owner of the
// second path, a data appended to it, k the file kept under the second path, r the file takes the place of the second
// path, m the file moved to the second path, u a file removed, d an empty folder removed, U and D the
// same where it may fail, = nothing where the file's SHA-256 is that in data, y everything synced. Data are
// escaped as `printf %b` wants them.
[[nodiscard]] std::string_view change_script();
inline constexpr std::size_t arguments_per_change = 6;

}  // namespace cbtctl::storage
