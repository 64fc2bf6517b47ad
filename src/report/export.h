// What an export wrote.
#pragma once

#include <string>

#include "disk/export.h"
#include "report/provenance.h"

namespace cbtctl::report {

struct ExportSubject {
  std::string path;
  std::string output;
  std::size_t link = 0;
};
[[nodiscard]] std::string export_text(const ExportSubject& subject, const disk::Exported& exported);
[[nodiscard]] std::string export_json(const ExportSubject& subject, const disk::Exported& exported,
                                      const ProvenanceOf& provenance = {});

}  // namespace cbtctl::report
