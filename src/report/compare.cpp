#include "report/compare.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "log/log.h"
#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;

struct Tracking {
  std::string uuid;
  std::optional<std::uint64_t> epoch;
};
struct DiskState {
  std::string state;
  Tracking by_change_id;  // "UUID/EPOCH"
  Tracking by_file;       // the CTK file of the active link
};
using Disks = std::map<std::string, DiskState>;  // by slot
struct Name {
  std::size_t target = 0;
  std::string vmx;
  friend auto operator<=>(const Name&, const Name&) = default;  // NOLINT(modernize-use-nullptr)
};
struct Scan {
  std::map<Name, Disks> machines;
  std::set<std::size_t> lost;  // targets that could not be read
};

const Json* member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

Tracking tracking_of_change_id(const std::string& change_id) {
  const std::size_t slash = std::min(change_id.rfind('/'), change_id.size());
  Tracking tracking{change_id.substr(0, slash), {}};
  std::uint64_t epoch = 0;
  const char* begin = change_id.data() + std::min(slash + 1, change_id.size());
  const char* end = change_id.data() + change_id.size();
  const auto parsed = std::from_chars(begin, end, epoch);
  if (parsed.ec == std::errc{} && parsed.ptr == end) tracking.epoch = epoch;
  return tracking;
}

Tracking tracking_of_file(const Json& disk) {
  const Json* chain = member(disk, "chain");
  if (chain == nullptr || !chain->is_array() || chain->empty()) return {};
  const Json* ctk = member(chain->front(), "ctk");
  if (ctk == nullptr || !ctk->is_object()) return {};
  Tracking tracking{text_at(*ctk, "uuid").value_or(""), {}};
  const Json* epoch = member(*ctk, "epoch");
  if (epoch != nullptr && epoch->is_number_unsigned()) tracking.epoch = epoch->get<std::uint64_t>();
  return tracking;
}

DiskState disk_state(const Json& disk) {
  DiskState state{.state = {}, .by_change_id = {}, .by_file = tracking_of_file(disk)};
  const Json* cbt = member(disk, "cbt");
  if (cbt == nullptr || !cbt->is_object()) return state;
  state.state = text_at(*cbt, "state").value_or("");
  state.by_change_id = tracking_of_change_id(text_at(*cbt, "change_id").value_or(""));
  return state;
}

std::set<std::size_t> lost_targets(const Json& document) {
  std::set<std::size_t> lost;
  const Json* targets = member(document, "targets");
  if (targets == nullptr || !targets->is_array()) return lost;
  for (std::size_t i = 0; i < targets->size(); ++i) {
    const Json* error = member((*targets)[i], "error");
    if (error != nullptr && !error->is_null()) lost.insert(i);
  }
  return lost;
}

std::string name_of(const Name& name) {
  return name.target == 0 ? name.vmx : "target " + std::to_string(name.target) + ": " + name.vmx;
}

Result<Scan> parse(const std::string& path, const std::string& text) {
  const Json document = Json::parse(text, nullptr, false);
  const Json* machines = member(document, "virtual_machines");
  if (machines == nullptr || !machines->is_array() || text_at(document, "schema") != "cbtctl.scan/1") {
    return Error{ErrorKind::malformed, path + ": is no output of cbtctl scan --json"};
  }
  Scan found{.machines = {}, .lost = lost_targets(document)};
  for (const Json& machine : *machines) {
    const Json* target = member(machine, "target");
    const bool is_told = target != nullptr && target->is_number_unsigned();
    Disks& disks =
        found.machines[{is_told ? target->get<std::size_t>() : 0, text_at(machine, "config_path").value_or("")}];
    if (const Json* list = member(machine, "disks"); list != nullptr && list->is_array()) {
      for (const Json& disk : *list) disks[text_at(disk, "slot").value_or("")] = disk_state(disk);
    }
  }
  return found;
}

std::string change_id_of(const Tracking& tracking) {
  return tracking.uuid + "/" + (tracking.epoch ? std::to_string(*tracking.epoch) : "?");
}

// Nothing where tracking went on, or nobody can tell.
std::optional<Change> compare_tracking(const Tracking& before, const Tracking& after) {
  if (before.uuid.empty() || after.uuid.empty()) return std::nullopt;
  const bool restarted = before.uuid != after.uuid;
  const bool went_backwards = before.epoch && after.epoch && *after.epoch < *before.epoch;
  if (!restarted && !went_backwards) return std::nullopt;
  return Change{
      restarted ? "tracking-restarted" : "tracking-went-backwards", {}, {}, change_id_of(before), change_id_of(after)};
}

void compare_disk(const std::string& vm, const std::string& slot, const DiskState& before, const DiskState& after,
                  std::vector<Change>& out) {
  if (before.state != after.state) out.push_back({"state-changed", vm, slot, before.state, after.state});
  auto change = compare_tracking(before.by_change_id, after.by_change_id);
  if (!change) change = compare_tracking(before.by_file, after.by_file);
  if (!change) return;
  change->vm = vm;
  change->disk = slot;
  out.push_back(std::move(*change));
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
  for (const auto& [path, scan] : {std::pair(&old_path, &*before), std::pair(&new_path, &*after)}) {
    if (!scan->lost.empty())
      log::warning(*path + ": a target could not be read then: nothing is said to come or go there");
  }
  std::vector<Change> changes;
  for (const auto& [name, disks] : before->machines) {
    const std::string vm = name_of(name);
    const auto now = after->machines.find(name);
    if (now == after->machines.end()) {
      if (!after->lost.contains(name.target)) changes.push_back({"vm-gone", vm, {}, {}, {}});
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
  for (const auto& [name, disks] : after->machines) {
    if (!before->machines.contains(name) && !before->lost.contains(name.target))
      changes.push_back({"vm-added", name_of(name), {}, {}, {}});
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
    document["changes"].push_back({{"kind", change.kind},
                                   {"vm", change.vm},
                                   {"disk", text_or_null(change.disk)},
                                   {"before", text_or_null(change.before)},
                                   {"after", text_or_null(change.after)},
                                   {"message", meaning_of(change)}});
  }
  return printed(document);
}

}  // namespace cbtctl::report
