// Whether what a CTK file tells is all that was written, for the verbs that are asked for it.
#pragma once

#include <vector>

#include "cli/command_line.h"
#include "cli/disk_files.h"
#include "model/completeness.h"

namespace cbtctl::cli {

void add_completeness_option(Options& own);  // --even-if-running

// By the machines, locks and swap files beside it, and by its header.
[[nodiscard]] model::Completeness completeness_of(const FileOpener& files, const storage::Location& ctk,
                                                  const disk::Tracking& tracking);

// By what lies beside any other file that is held against a CTK file: not known, or not complete.
[[nodiscard]] model::Completeness completeness_beside(const FileOpener& files, const storage::Location& file);

// Tells what is not complete, and gives the part of the exit status that says so; --even-if-running takes it away.
[[nodiscard]] int told_incomplete(const model::Completeness& completeness, const std::string& path,
                                  const CommandLine& line);

}  // namespace cbtctl::cli
