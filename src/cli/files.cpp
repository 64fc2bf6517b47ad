#include "cli/files.h"

#include "cli/exit_status.h"
#include "log/log.h"

namespace cbtctl::cli {

InspectedFiles inspect_files(const FileOpener& opener, const Inspector& inspector) {
  InspectedFiles inspected;
  for (const storage::Location& place : opener.arguments()) {
    model::InspectedFile file;
    file.path = place.text;
    const auto source = opener.open(place);
    if (source) {
      file = inspector(**source, place);
    } else {
      file.error = source.error();
    }
    const bool is_lost = file.error && is_incomplete(file.error->kind);
    const bool is_in_use = file.error && file.error->kind == formats::core::ErrorKind::in_use;
    if (!source || is_lost || is_in_use) log::error(place.text + ": " + file.error->message);
    if ((!source && !is_in_use) || is_lost) inspected.status = exit_incomplete;
    inspected.files.push_back(std::move(file));
  }
  return inspected;
}

}  // namespace cbtctl::cli
