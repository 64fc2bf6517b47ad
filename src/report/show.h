// One file decoded, as `show` tells it: text and JSON (`cbtctl.show/1`).
#pragma once

#include <string>
#include <vector>

#include "model/inspected_file.h"
#include "report/provenance.h"
#include "report/table.h"

namespace cbtctl::report {

[[nodiscard]] std::string show_text(const std::vector<model::InspectedFile>& files, const Style& style);
[[nodiscard]] std::string show_json(const std::vector<model::InspectedFile>& files, int exit_status,
                                    const ProvenanceOf& provenance = {});

// What a CTK file holds, as `ctk show` tells it (`cbtctl.ctk-show/1`).
[[nodiscard]] std::string ctk_show_text(const std::vector<model::InspectedFile>& files, const Style& style);
[[nodiscard]] std::string ctk_show_json(const std::vector<model::InspectedFile>& files, int exit_status,
                                        const ProvenanceOf& provenance = {});

// The first 512 bytes as hex and text, the UUID masked: to send to the maintainers.
[[nodiscard]] std::string header_dump(const model::InspectedFile& file);

}  // namespace cbtctl::report
