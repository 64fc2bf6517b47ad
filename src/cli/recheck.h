// What is said of a machine that is not proven off must hold when its folder and files are read again: while it runs,
// files come, go and are renamed between two requests.
#pragma once

#include "analysis/finding.h"
#include "cli/finding_filter.h"
#include "cli/targets.h"

namespace cbtctl::cli {

// With the tables of CTK files and sparse extents where the look is `deep`.
[[nodiscard]] analysis::Findings look(const Scanned& scanned, bool deep);

// Only the machines that something is said of are read again. What does not stand moves to `skipped`, as `changing`,
// and so does what was told too late to be asked again; what only the later readings tell (the first met a file
// halfway) and stands in them is found too. A target or folder that cannot be read on the way has its error afterwards.
void recheck(Scanned& scanned, bool deep, const FindingFilter& filter, analysis::Findings& findings);

}  // namespace cbtctl::cli
