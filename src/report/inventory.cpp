#include "report/inventory.h"

#include <algorithm>
#include <set>

#include "formats/core/path.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

// Found, and on no host that sees it registered.
bool is_unregistered(const model::VirtualMachine& machine) {
  return machine.registrations && machine.registrations->empty();
}

Json registered_json(const model::Datastore& datastore, const model::RegisteredMachine& machine) {
  Json object{{"id", machine.id}};
  put_text(object, "name", machine.name);
  put_text(object, "path", machine.path);
  object["config_path"] = machine.file ? Json(datastore.files[*machine.file].path) : Json(nullptr);
  object["missing"] = machine.is_missing;
  object["elsewhere"] = machine.is_elsewhere;
  return object;
}

Json running_json(const model::RunningMachine& machine) {
  Json object = Json::object();
  put_text(object, "name", machine.name);
  put_text(object, "path", machine.path);
  return object;
}

Json task_json(const model::HostTask& task) {
  return {{"name", task.name}, {"vm_id", task.machine_id ? Json(*task.machine_id) : Json(nullptr)}};
}

Json volume_json(const model::Volume& volume) {
  Json object = Json::object();
  put_text(object, "name", volume.name);
  object["uuid"] = volume.uuid;
  object["type"] = volume.type_name;
  return object;
}

template <typename T, typename ToJson>
Json list_or_null(const std::optional<std::vector<T>>& list, const ToJson& to_json) {
  if (!list) return nullptr;
  Json array = Json::array();
  for (const T& member : *list) array.push_back(to_json(member));
  return array;
}

Json inventory_json(const model::Datastore& datastore, model::Index target) {
  const auto& inventory = datastore.targets[target].inventory;
  if (!inventory) return nullptr;
  Json object;
  object["registered"] =
      list_or_null(inventory->registered, [&](const auto& machine) { return registered_json(datastore, machine); });
  object["invalid_ids"] = inventory->invalid_ids;
  object["not_registered"] = Json::array();
  for (const model::VirtualMachine& machine : datastore.virtual_machines) {
    const model::File& file = datastore.files[machine.file];
    if (file.target == target && is_unregistered(machine)) object["not_registered"].push_back(file.path);
  }
  object["running"] = list_or_null(inventory->running, running_json);
  object["tasks"] = list_or_null(inventory->tasks, task_json);
  object["datastores"] = list_or_null(inventory->volumes, volume_json);
  object["unanswered"] = Json::array();
  for (const model::Unanswered& unanswered : inventory->unanswered) {
    object["unanswered"].push_back({{"question", unanswered.question}, {"why", unanswered.error.message}});
  }
  return object;
}

std::string host_text(const model::Target& target) {
  std::string out = escaped(target.location) + ":";
  if (target.host) {
    out += " " + escaped(target.host->product + " " + target.host->version) + " build " + escaped(target.host->build);
  }
  const model::HostInventory& inventory = *target.inventory;
  if (inventory.registered) out += ", " + std::to_string(inventory.registered->size()) + " registered";
  if (inventory.running) out += ", " + std::to_string(inventory.running->size()) + " running";
  if (inventory.tasks && !inventory.tasks->empty()) out += ", " + std::to_string(inventory.tasks->size()) + " tasks";
  out += "\n";
  for (const model::Unanswered& unanswered : inventory.unanswered) {
    out += "  not answered: " + unanswered.question + ": " + escaped(unanswered.error.message) + "\n";
  }
  for (const std::string& path : inventory.doubted_paths) {
    out += "  told in two ways, and so not known: what is registered at " + escaped(path) + "\n";
  }
  for (const std::string& id : inventory.invalid_ids) {
    out += "  registered, and the host cannot read it: " + escaped(id) + "\n";
  }
  for (const model::RegisteredMachine& machine :
       inventory.registered.value_or(std::vector<model::RegisteredMachine>{})) {
    const std::string what = escaped(machine.id + " " + machine.name + ": " + machine.path) + "\n";
    if (machine.is_missing) out += "  registered, not found: " + what;
    if (machine.is_elsewhere) out += "  registered, on no datastore of this host: " + what;
  }
  return out;
}

}  // namespace

void add_inventories(Json& document, const model::Datastore& datastore) {
  for (model::Index target = 0; target < datastore.targets.size(); ++target) {
    document["targets"][target]["inventory"] = inventory_json(datastore, target);
  }
}

std::vector<Column> with_target(const std::vector<model::Target>& targets, std::vector<Column> columns) {
  if (targets.size() > 1) columns.insert(columns.begin(), {"TARGET"});
  return columns;
}

std::vector<Cell> with_target(const std::vector<model::Target>& targets, model::Index target, std::vector<Cell> row) {
  if (targets.size() > 1)
    row.insert(row.begin(), {target < targets.size() ? escaped(targets[target].location) : std::string("-")});
  return row;
}

Json not_entered_json(const std::vector<model::Target>& targets) {
  Json array = Json::array();
  for (model::Index target = 0; target < targets.size(); ++target) {
    for (const std::string& path : targets[target].not_entered) {
      Json object{{"target", target}};
      put_path(object, "path", path);
      array.push_back(std::move(object));
    }
  }
  return array;
}

std::string not_entered_text(const std::vector<model::Target>& targets) {
  std::size_t count = 0;
  std::set<std::string_view> names;
  for (const model::Target& target : targets) {
    count += target.not_entered.size();
    for (const std::string& path : target.not_entered) names.insert(formats::core::file_name(path));
  }
  if (count == 0) return {};
  std::string list;
  for (const std::string_view name : names) list.append(list.empty() ? "" : ", ").append(name);
  return "not entered: " + counted(count, "folder", "folders") + " that a filer keeps for itself (" + list + ")\n";
}

std::string inventory_text(const model::Datastore& datastore) {
  std::string out;
  for (const model::Target& target : datastore.targets) {
    if (target.inventory) out += host_text(target);
  }
  for (const model::VirtualMachine& machine : datastore.virtual_machines) {
    if (is_unregistered(machine)) out += "found, not registered: " + escaped(datastore.files[machine.file].path) + "\n";
  }
  return out;
}

}  // namespace cbtctl::report
