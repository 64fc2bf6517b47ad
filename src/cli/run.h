// The program over its arguments.
#pragma once

#include <string>
#include <vector>

namespace cbtctl::cli {

// Locale, how many files may be open, and signals: a closed pipe is an error of the write and no death, Ctrl-C ends
// with the status for it.
void prepare_process();

// Finds the verb and runs it; the exit status.
[[nodiscard]] int run(const std::vector<std::string>& arguments);

}  // namespace cbtctl::cli
