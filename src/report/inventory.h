// What hosts know of their machines, for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include "model/datastore.h"
#include "report/json.h"
#include "report/table.h"

namespace cbtctl::report {

// Adds "inventory" to each of the document's targets; null on a mount.
void add_inventories(Json& document, const model::Datastore& datastore);

// "not_entered": a filer's folders, which were passed by.
[[nodiscard]] Json not_entered_json(const std::vector<model::Target>& targets);
// How many; empty where there are none.
[[nodiscard]] std::string not_entered_text(const std::vector<model::Target>& targets);

// Tables name the target of each row as soon as there are two.
[[nodiscard]] std::vector<Column> with_target(const std::vector<model::Target>& targets, std::vector<Column> columns);
[[nodiscard]] std::vector<Cell> with_target(const std::vector<model::Target>& targets, model::Index target,
                                            std::vector<Cell> row);

// A line per host, and what does not agree between hosts and files; empty where no target is a host.
[[nodiscard]] std::string inventory_text(const model::Datastore& datastore);

}  // namespace cbtctl::report
