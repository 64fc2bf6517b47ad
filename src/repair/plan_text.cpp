// A plan as a JSON document. Names and contents are bytes of any encoding, which survive JSON as base64 alone. What a
// document says is checked before it is believed: it may come from another administrator, or be damaged.
#include <algorithm>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "formats/core/base64.h"
#include "formats/core/path.h"
#include "repair/plan.h"

namespace cbtctl::repair {
namespace {

using Json = nlohmann::ordered_json;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::is_inside;
using formats::core::sha256;

// 1, of version 0.1.0: machines have no number, and what is kept has its own name.
constexpr std::string_view schema_name = "cbtctl.plan/";
constexpr int schema_version = 2;

// --- to JSON --------------------------------------------------------------------------------------------------------

Json to_json(const Spot& spot) { return {spot.root, formats::core::to_base64(spot.path)}; }

Json to_json(const std::optional<bool>& flag) { return flag ? Json(*flag) : Json(nullptr); }

Json to_json(const Change& change) {
  Json object{{"kind", name_of(change.kind)},          {"phase", static_cast<int>(change.phase)},
              {"file", to_json(change.spot)},          {"description", change.description},
              {"sha256_before", change.sha256_before}, {"sha256_after", change.sha256_after}};
  if (change.kind == ChangeKind::edit) {
    object["before"] = formats::core::to_base64(change.content_before);
    object["after"] = formats::core::to_base64(change.content_after);
  } else if (change.kind == ChangeKind::create) {
    object["after"] = formats::core::to_base64(change.content_after);
  } else {
    object["size_bytes"] = change.size_bytes;
    object["modified_ns"] = change.modified_ns;
    object["changed_ns"] = change.changed_ns;
  }
  return object;
}

Json to_json(const Witness& witness) {
  return {{"file", to_json(witness.spot)},
          {"exists", witness.exists},
          {"size_bytes", witness.size_bytes},
          {"modified_ns", witness.modified_ns},
          {"changed_ns", witness.changed_ns}};
}

Json to_json(const Intent& intent) {
  Json object{{"vm_key", to_json(intent.vm_key)}, {"least_age_ns", intent.least_age_ns}};
  for (const char* list : {"disks", "flags", "removed_keys", "kept_keys", "lowered", "parent_cids", "unnamed"})
    object[list] = Json::array();
  for (const auto& [slot, disk] : intent.disks) object["disks"].push_back({slot, to_json(disk.key), disk.strip});
  for (const auto& [key, value] : intent.flags) object["flags"].push_back({formats::core::to_base64(key), value});
  for (const std::string& key : intent.removed_keys) object["removed_keys"].push_back(formats::core::to_base64(key));
  for (const auto& [key, first] : intent.kept_keys)
    object["kept_keys"].push_back({formats::core::to_base64(key), first});
  for (const Spot& spot : intent.lowered) object["lowered"].push_back(to_json(spot));
  for (const auto& [spot, cid] : intent.parent_cids) object["parent_cids"].push_back({to_json(spot), cid});
  for (const Spot& spot : intent.unnamed) object["unnamed"].push_back(to_json(spot));
  return object;
}

Json to_json(const MachinePlan& machine) {
  Json object{{"number", machine.number ? Json(*machine.number) : Json(nullptr)},
              {"vm", formats::core::to_base64(machine.vm)},
              {"name", formats::core::to_base64(machine.name)},
              {"kept_by_number", machine.kept_by_number},
              {"has_machine", machine.has_machine},
              {"assumed_off", machine.assumed_off},
              {"assumed_unregistered", machine.assumed_unregistered},
              {"intent", to_json(machine.intent)},
              {"fixed", machine.fixed}};
  for (const char* list : {"roots", "changes", "witnesses", "disks", "promised", "folders"})
    object[list] = Json::array();
  for (const Root& root : machine.roots) object["roots"].push_back(formats::core::to_base64(root.location));
  for (const Change& change : machine.changes) object["changes"].push_back(to_json(change));
  for (const Witness& witness : machine.witnesses) object["witnesses"].push_back(to_json(witness));
  for (const DiskRecord& disk : machine.disks)
    object["disks"].push_back({disk.slot, name_of(disk.state), disk.change_id});
  for (const auto& [slot, state] : machine.promised) object["promised"].push_back({slot, name_of(state)});
  for (const Spot& folder : machine.folders) object["folders"].push_back(to_json(folder));
  object["end"] = Json::array();
  for (const Witness& witness : machine.end) object["end"].push_back(to_json(witness));
  object["watched"] = Json::array();
  for (const Watched& watched : machine.watched) object["watched"].push_back({to_json(watched.spot), watched.sha256});
  return object;
}

Json to_json(const Owner& owner) {
  return {{"user", owner.user},       {"host", owner.host},           {"machine", owner.machine},
          {"boot", owner.boot},       {"space", owner.process_space}, {"process", owner.process},
          {"started", owner.started}, {"since", owner.since}};
}

// --- from JSON: throws what nlohmann-json throws, and std::invalid_argument; caught in plan_from_text ---------------

std::string bytes_of(const Json& text) {
  auto bytes = formats::core::from_base64(text.get<std::string>());
  if (!bytes) throw std::invalid_argument("base64");
  return *bytes;
}

// Of an enum: `read` knows its texts, `what` names it.
template <typename Enum>
Enum value_from(const Json& text, std::optional<Enum> (*read)(std::string_view), const char* what) {
  const auto value = read(text.get<std::string>());
  if (!value) throw std::invalid_argument(what);
  return *value;
}

// Plans are of these alone: apply and undo carry out those of others.
Verb planned_verb(const Json& text) {
  const Verb verb = value_from(text, verb_from, "verb");
  if (verb == Verb::apply || verb == Verb::undo) throw std::invalid_argument("verb");
  return verb;
}

Spot spot_from(const Json& pair, std::size_t roots) {
  Spot spot{pair.at(0).get<std::size_t>(), bytes_of(pair.at(1))};
  if (spot.root >= roots || !is_inside(spot.path)) throw std::invalid_argument("a path leads out");
  return spot;
}

std::optional<bool> flag_from(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<bool>());
}

Change change_from(const Json& object, std::size_t roots) {
  const ChangeKind kind = value_from(object.at("kind"), change_kind_from, "kind");
  const int phase = object.at("phase").get<int>();
  if (phase < 0 || phase > static_cast<int>(Phase::keys_on)) throw std::invalid_argument("kind");
  Change change{.kind = kind,
                .phase = static_cast<Phase>(phase),
                .spot = spot_from(object.at("file"), roots),
                .description = object.at("description").get<std::string>(),
                .sha256_before = object.at("sha256_before").get<std::string>(),
                .sha256_after = object.at("sha256_after").get<std::string>(),
                .content_before = {},
                .content_after = {}};
  if (change.kind == ChangeKind::quarantine) {
    change.size_bytes = object.at("size_bytes").get<std::uint64_t>();
    change.modified_ns = object.at("modified_ns").get<std::int64_t>();
    change.changed_ns = object.at("changed_ns").get<std::int64_t>();
    return change;
  }
  const bool is_new = change.kind == ChangeKind::create;
  if (!is_new) change.content_before = bytes_of(object.at("before"));
  change.content_after = bytes_of(object.at("after"));
  const std::string before = is_new ? std::string() : sha256(change.content_before);
  if (before != change.sha256_before || sha256(change.content_after) != change.sha256_after)
    throw std::invalid_argument("sha256");
  return change;
}

// Where a file is created nothing else happens.
void check_created(const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    const auto about =
        std::count_if(changes.begin(), changes.end(), [&](const Change& each) { return each.spot == change.spot; });
    if (change.kind == ChangeKind::create && about > 1) throw std::invalid_argument("a file is created and changed");
  }
}

Witness witness_from(const Json& object, std::size_t roots) {
  return {spot_from(object.at("file"), roots), object.at("exists").get<bool>(),
          object.at("size_bytes").get<std::uint64_t>(), object.at("modified_ns").get<std::int64_t>(),
          object.at("changed_ns").get<std::int64_t>()};
}

Intent intent_from(const Json& object, std::size_t roots) {
  Intent intent;
  intent.vm_key = flag_from(object.at("vm_key"));
  intent.least_age_ns = object.at("least_age_ns").get<std::int64_t>();
  for (const Json& disk : object.at("disks"))
    intent.disks[disk.at(0).get<std::string>()] = {flag_from(disk.at(1)), disk.at(2).get<bool>()};
  for (const Json& flag : object.at("flags")) intent.flags[bytes_of(flag.at(0))] = flag.at(1).get<bool>();
  for (const Json& key : object.at("removed_keys")) intent.removed_keys.push_back(bytes_of(key));
  for (const Json& key : object.at("kept_keys"))
    intent.kept_keys.emplace_back(bytes_of(key.at(0)), key.at(1).get<bool>());
  for (const Json& spot : object.at("lowered")) intent.lowered.push_back(spot_from(spot, roots));
  for (const Json& pair : object.at("parent_cids"))
    intent.parent_cids.emplace_back(spot_from(pair.at(0), roots), pair.at(1).get<std::string>());
  for (const Json& spot : object.at("unnamed")) intent.unnamed.push_back(spot_from(spot, roots));
  return intent;
}

MachinePlan machine_from(const Json& object) {
  MachinePlan machine;
  if (const auto number = object.find("number"); number != object.end() && !number->is_null())
    machine.number = number->get<std::size_t>();
  for (const Json& root : object.at("roots")) machine.roots.push_back({machine.roots.size(), bytes_of(root)});
  const std::size_t roots = machine.roots.size();
  machine.vm = spot_from({0, object.at("vm")}, roots).path;
  machine.name = bytes_of(object.at("name"));
  machine.kept_by_number = object.value("kept_by_number", false);
  machine.has_machine = object.at("has_machine").get<bool>();
  machine.assumed_off = object.at("assumed_off").get<bool>();
  machine.assumed_unregistered = object.at("assumed_unregistered").get<bool>();
  machine.intent = intent_from(object.at("intent"), roots);
  machine.fixed = object.at("fixed").get<std::vector<std::string>>();
  for (const Json& change : object.at("changes")) machine.changes.push_back(change_from(change, roots));
  check_created(machine.changes);
  for (const Json& witness : object.at("witnesses")) machine.witnesses.push_back(witness_from(witness, roots));
  for (const Json& disk : object.at("disks"))
    machine.disks.push_back({disk.at(0).get<std::string>(), value_from(disk.at(1), model::cbt_state_from, "state"),
                             disk.at(2).get<std::string>()});
  for (const Json& entry : object.at("promised"))
    machine.promised.emplace_back(entry.at(0).get<std::string>(),
                                  value_from(entry.at(1), model::cbt_state_from, "state"));
  for (const Json& folder : object.at("folders")) machine.folders.push_back(spot_from(folder, roots));
  for (const Json& watched : object.value("watched", Json::array()))
    machine.watched.push_back({spot_from(watched.at(0), roots), watched.at(1).get<std::string>()});
  for (const Json& witness : object.value("end", Json::array())) machine.end.push_back(witness_from(witness, roots));
  return machine;
}

Owner owner_from(const Json& object) {
  return {object.at("user").get<std::string>(),     object.at("host").get<std::string>(),
          object.at("machine").get<std::string>(),  object.at("boot").get<std::string>(),
          object.at("space").get<std::string>(),    object.at("process").get<std::int64_t>(),
          object.at("started").get<std::int64_t>(), object.at("since").get<std::string>()};
}

// Throws as the above. What a later version wrote may mean what is not known here.
struct LaterFormat final : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void check_schema(const Json& document) {
  const std::string schema = document.at("schema").get<std::string>();
  if (!schema.starts_with(schema_name)) throw std::invalid_argument("schema");
  for (int version = 1; version <= schema_version; ++version) {
    if (schema == std::string(schema_name) + std::to_string(version)) return;
  }
  const auto tool = document.find("tool");
  throw LaterFormat(told_of_later(schema, tool != document.end() && tool->is_string() ? tool->get<std::string>() : ""));
}

}  // namespace

std::string to_text(const Plan& plan) {
  const std::string schema = std::string(schema_name) + std::to_string(schema_version);
  Json document{{"schema", schema}, {"tool", CBTCTL_VERSION}, {"id", plan.id}, {"verb", name_of(plan.verb)}};
  for (const char* list : {"machines", "refused", "unchanged"}) document[list] = Json::array();
  for (const MachinePlan& machine : plan.machines) document["machines"].push_back(to_json(machine));
  for (const Refusal& refusal : plan.refused)
    document["refused"].push_back(
        {formats::core::to_base64(refusal.vm), name_of(refusal.reason), formats::core::to_base64(refusal.message)});
  for (const Unchanged& unchanged : plan.unchanged)
    document["unchanged"].push_back(
        {formats::core::to_base64(unchanged.vm), formats::core::to_base64(unchanged.message)});
  document["owner"] = plan.owner ? to_json(*plan.owner) : Json(nullptr);
  document["ssh_config"] = formats::core::to_base64(plan.ssh_config);
  document["maps"] = Json::array();
  for (const std::string& map : plan.maps) document["maps"].push_back(formats::core::to_base64(map));
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

formats::core::Result<Plan> plan_from_text(const std::string& text) {
  try {
    const Json document = Json::parse(text);
    check_schema(document);
    Plan plan{.id = document.at("id").get<std::string>(), .verb = planned_verb(document.at("verb"))};
    if (!is_run_id(plan.id)) throw std::invalid_argument("id");
    for (const Json& machine : document.at("machines")) plan.machines.push_back(machine_from(machine));
    for (const Json& entry : document.at("refused"))
      plan.refused.push_back(
          {bytes_of(entry.at(0)), value_from(entry.at(1), reason_from, "reason"), bytes_of(entry.at(2))});
    for (const Json& entry : document.at("unchanged"))
      plan.unchanged.push_back({bytes_of(entry.at(0)), bytes_of(entry.at(1))});
    if (!document.at("owner").is_null()) plan.owner = owner_from(document.at("owner"));
    if (document.contains("ssh_config")) plan.ssh_config = bytes_of(document.at("ssh_config"));
    for (const Json& map : document.value("maps", Json::array())) plan.maps.push_back(bytes_of(map));
    return plan;
  } catch (const LaterFormat& later) {
    return Error{ErrorKind::unsupported, later.what()};
  } catch (const std::exception& error) {
    return Error{ErrorKind::malformed, std::string("is no plan of cbtctl: ") + error.what()};
  }
}

}  // namespace cbtctl::repair
