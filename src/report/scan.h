// The inventory, as `scan` tells it: table, JSON (`cbtctl.scan/1`) and CSV. The contract's section 4 has the shape.
#pragma once

#include <string>
#include <vector>

#include "app/select.h"
#include "model/datastore.h"
#include "report/printer.h"
#include "report/provenance.h"
#include "report/table.h"

namespace cbtctl::report {

[[nodiscard]] std::string scan_table(const model::Datastore& datastore, const Style& style);
[[nodiscard]] std::string scan_csv(const model::Datastore& datastore);  // RFC 4180, a row per disk

// As it is made: the document of thousands of machines is never whole. False where it could not be written.
[[nodiscard]] bool print_scan_json(const model::Datastore& datastore, const std::vector<app::Unmatched>& unmatched,
                                   int exit_status, const TextSink& sink, const ProvenanceOf& provenance = {});

}  // namespace cbtctl::report
