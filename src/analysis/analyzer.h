// Judges a whole datastore: every rule in listed order, over one subject that holds what several of them need.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "analysis/cbt_state.h"
#include "analysis/finding.h"
#include "formats/core/byte_source.h"
#include "model/datastore.h"

namespace cbtctl::analysis {

// Opens a file of the datastore for a deep look.
using Opener = std::function<formats::core::Result<std::unique_ptr<formats::core::ByteSource>>(model::Index file)>;

// Sorted by target, path, code and disk. With an `opener` the tables of CTK files and of sparse
// extents are read too.
[[nodiscard]] Findings analyze(const model::Datastore& datastore, const Opener& opener = {});

// The order of reports.
void sort(Findings& findings);

// What a folder that could not be listed is skipped as.
[[nodiscard]] Skipped skipped_folder(const model::File& folder);

// Where `ctk-format-doubted` was found: nothing that rests on how a CTK file is read has a fix.
void take_fix_in_doubt(Finding& finding);

}  // namespace cbtctl::analysis
