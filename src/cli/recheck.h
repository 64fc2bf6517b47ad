// What is said of a machine that is not proven off must hold when its folder and files are read again: while it runs,
// files come, go and are renamed between two requests.
#pragma once

#include "analysis/finding.h"
#include "cli/targets.h"

namespace cbtctl::cli {

// With the tables of CTK files and sparse extents where the look is `deep`.
[[nodiscard]] analysis::Findings look(const Scanned& scanned, bool deep);

// Moves what does not stand to `skipped`, as `changing`. Only the machines that something is said of are read again. A
// target whose connection is lost on the way has its error afterwards.
void recheck(Scanned& scanned, bool deep, analysis::Findings& findings);

}  // namespace cbtctl::cli
