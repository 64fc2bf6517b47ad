// What a host printed, taken apart question by question: pure functions over hostile bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/core/result.h"
#include "storage/commands.h"

namespace cbtctl::host {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;

// One question, as the scripts of scripts.h frame it.
struct Answer {
  std::string name;    // the question's: "machines"
  std::string source;  // the command that was asked: "vim-cmd vmsvc/getallvms"
  int status = 0;
  std::string text;    // standard output, without carriage returns at line ends
  std::string errors;  // standard error
};

// `word` frames the answers and is not in any of them. `malformed`: an answer has no end, or something stands between
// two.
[[nodiscard]] Result<std::vector<Answer>> split_answers(const storage::CommandOutput& output, std::string_view word);

// Why the answer is none: the command is not there, did not end in time, failed, or printed a fault (which vim-cmd does
// on standard output, at times with status 0). Nothing where it may be believed. The message begins with the source.
[[nodiscard]] std::optional<Error> failure_of(const Answer& answer);

// An answer of a form that is not known, with its first words.
[[nodiscard]] Error unknown_form(const Answer& answer);

// Without their ends.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

// Without blanks and tabs at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

}  // namespace cbtctl::host
