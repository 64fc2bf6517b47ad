// While virtual machines run, files come, go and are renamed between two requests: what was found on files that moved
// holds only if a second look finds the same.
#pragma once

#include "analysis/finding.h"
#include "cli/targets.h"

namespace cbtctl::cli {

// With the tables of CTK files and sparse extents where the look is `deep`.
[[nodiscard]] analysis::Findings look(const Scanned& scanned, bool deep);

// Moves what a second look does not find to `skipped`. Where no machine can be running nothing moves, and it is not
// taken.
void look_again(const Scanned& scanned, bool deep, analysis::Findings& findings);

}  // namespace cbtctl::cli
