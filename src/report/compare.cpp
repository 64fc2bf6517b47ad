#include "report/compare.h"

#include <map>
#include <optional>
#include <utility>

#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;

struct DiskState {
  std::string state;
  std::string uuid;
  std::optional<std::uint64_t> epoch;
};
using Disks = std::map<std::string, DiskState>;  // by slot
using Machines = std::map<std::string, Disks>;   // by target and .vmx

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json* member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

DiskState disk_state(const Json& disk) {
  DiskState state;
  if (const Json* cbt = member(disk, "cbt")) state.state = text_at(*cbt, "state");
  const Json* chain = member(disk, "chain");
  if (chain == nullptr || !chain->is_array() || chain->empty()) return state;
  const Json* ctk = member(chain->front(), "ctk");
  if (ctk == nullptr || !ctk->is_object()) return state;
  state.uuid = text_at(*ctk, "uuid");
  const Json* epoch = member(*ctk, "epoch");
  if (epoch != nullptr && epoch->is_number_unsigned()) state.epoch = epoch->get<std::uint64_t>();
  return state;
}

Result<Machines> parse(const std::string& path, const std::string& text) {
  const Json document = Json::parse(text, nullptr, false);
  const Json* machines = member(document, "virtual_machines");
  if (machines == nullptr || !machines->is_array() || text_at(document, "schema") != "cbtctl.scan/1") {
    return Error{ErrorKind::malformed, path + ": is no output of cbtctl scan --json"};
  }
  Machines found;
  for (const Json& machine : *machines) {
    const Json* target = member(machine, "target");
    const bool later_target = target != nullptr && target->is_number_unsigned() && *target != 0;
    const std::string prefix = later_target ? "target " + target->dump() + ": " : "";
    Disks& disks = found[prefix + text_at(machine, "config_path")];
    if (const Json* list = member(machine, "disks"); list != nullptr && list->is_array()) {
      for (const Json& disk : *list) disks[text_at(disk, "slot")] = disk_state(disk);
    }
  }
  return found;
}

void compare_disk(const std::string& vm, const std::string& slot, const DiskState& before, const DiskState& after,
                  std::vector<Change>& out) {
  if (before.state != after.state) out.push_back({"state-changed", vm, slot, before.state, after.state});
  if (before.uuid.empty() || after.uuid.empty()) return;
  const auto change_id = [](const DiskState& disk) {
    return disk.uuid + "/" + (disk.epoch ? std::to_string(*disk.epoch) : "?");
  };
  if (before.uuid != after.uuid) {
    out.push_back({"tracking-restarted", vm, slot, change_id(before), change_id(after)});
  } else if (before.epoch && after.epoch && *after.epoch < *before.epoch) {
    out.push_back({"tracking-went-backwards", vm, slot, change_id(before), change_id(after)});
  }
}

std::string meaning_of(const Change& change) {
  if (change.kind == "tracking-restarted") return "tracking restarted: the next incremental backup is a full one";
  if (change.kind == "tracking-went-backwards") return "tracking went backwards: the disk was reverted or restored";
  if (change.kind == "state-changed") return "the CBT state changed";
  if (change.kind == "vm-added") return "a virtual machine came";
  if (change.kind == "vm-gone") return "a virtual machine has gone";
  return change.kind == "disk-added" ? "a disk came" : "a disk has gone";
}

}  // namespace

Result<std::vector<Change>> compare_scans(const std::string& old_path, const std::string& old_text,
                                          const std::string& new_path, const std::string& new_text) {
  const auto before = parse(old_path, old_text);
  if (!before) return before.error();
  const auto after = parse(new_path, new_text);
  if (!after) return after.error();
  std::vector<Change> changes;
  for (const auto& [vm, disks] : *before) {
    const auto now = after->find(vm);
    if (now == after->end()) {
      changes.push_back({"vm-gone", vm, {}, {}, {}});
      continue;
    }
    for (const auto& [slot, disk] : disks) {
      const auto same = now->second.find(slot);
      if (same == now->second.end()) {
        changes.push_back({"disk-gone", vm, slot, disk.state, {}});
      } else {
        compare_disk(vm, slot, disk, same->second, changes);
      }
    }
    for (const auto& [slot, disk] : now->second) {
      if (!disks.contains(slot)) changes.push_back({"disk-added", vm, slot, {}, disk.state});
    }
  }
  for (const auto& [vm, disks] : *after) {
    if (!before->contains(vm)) changes.push_back({"vm-added", vm, {}, {}, {}});
  }
  return changes;
}

std::string compare_table(const std::vector<Change>& changes, const Style& style) {
  if (changes.empty()) return "nothing changed\n";
  Table table({{"VM"}, {"DISK"}, {"BEFORE"}, {"NOW"}, {"WHAT"}});
  for (const Change& change : changes) {
    const auto or_dash = [](const std::string& text) { return text.empty() ? std::string("-") : escaped(text); };
    table.add({{escaped(change.vm)},
               {or_dash(change.disk)},
               {or_dash(change.before)},
               {or_dash(change.after)},
               {meaning_of(change)}});
  }
  return table.print(style);
}

std::string compare_json(const std::vector<Change>& changes, int exit_status) {
  Json document = envelope("cbtctl.compare/1", exit_status, {});
  document["changes"] = Json::array();
  for (const Change& change : changes) {
    const auto or_nothing = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
    document["changes"].push_back({{"kind", change.kind},
                                   {"vm", change.vm},
                                   {"disk", or_nothing(change.disk)},
                                   {"before", or_nothing(change.before)},
                                   {"after", or_nothing(change.after)},
                                   {"message", meaning_of(change)}});
  }
  return printed(document);
}

}  // namespace cbtctl::report
