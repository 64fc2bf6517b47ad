// The FILE arguments of the verbs that decode single files.
#pragma once

#include <functional>
#include <vector>

#include "cli/command_line.h"
#include "cli/file_opener.h"
#include "model/inspected_file.h"

namespace cbtctl::cli {

struct InspectedFiles {
  std::vector<model::InspectedFile> files;
  int status = 0;  // exit_incomplete where bytes could not be had; told on standard error
};

using Inspector = std::function<model::InspectedFile(const formats::core::ByteSource&, const storage::Location&)>;
[[nodiscard]] InspectedFiles inspect_files(const FileOpener& opener, const Inspector& inspector);

}  // namespace cbtctl::cli
