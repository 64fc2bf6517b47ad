#include "cli/files.h"

#include "cli/exit_status.h"
#include "log/log.h"

namespace cbtctl::cli {

InspectedFiles inspect_files(const FileOpener& opener, const std::vector<std::string>& paths,
                             const Inspector& inspector) {
  InspectedFiles inspected;
  for (const std::string& path : paths) {
    model::InspectedFile file;
    file.path = path;
    const auto source = opener.open(path);
    if (source) {
      file = inspector(**source, path);
    } else {
      file.error = source.error();
    }
    const bool is_lost = file.error && is_incomplete(file.error->kind);
    const bool is_in_use = file.error && file.error->kind == formats::core::ErrorKind::in_use;
    if (!source || is_lost || is_in_use) log::error(path + ": " + file.error->message);
    if ((!source && !is_in_use) || is_lost) inspected.status = exit_incomplete;
    inspected.files.push_back(std::move(file));
  }
  return inspected;
}

}  // namespace cbtctl::cli
