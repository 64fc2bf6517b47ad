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

// The elements of a member that is a list; else none.
const Json::Array& list_at(const Json& object, const char* name) {
  static const Json::Array none;
  const Json* found = object.find(name);
  return found != nullptr && found->elements() != nullptr ? *found->elements() : none;
}

std::string text_in(const Json& object, const char* name) { return text_at(object, name).value_or(""); }

std::optional<std::uint64_t> number_in(const Json& object, const char* name) {
  const Json* found = object.find(name);
  return found != nullptr ? found->number() : std::nullopt;
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
  const Json::Array& chain = list_at(disk, "chain");
  const Json* ctk = chain.empty() ? nullptr : chain.front().find("ctk");
  return ctk == nullptr ? Tracking{} : Tracking{text_in(*ctk, "uuid"), number_in(*ctk, "epoch")};
}

DiskState disk_state(const Json& disk) {
  DiskState state{.state = {}, .by_change_id = {}, .by_file = tracking_of_file(disk)};
  const Json* cbt = disk.find("cbt");
  if (cbt == nullptr || cbt->members() == nullptr) return state;
  state.state = text_in(*cbt, "state");
  state.by_change_id = tracking_of_change_id(text_in(*cbt, "change_id"));
  return state;
}

std::set<std::size_t> lost_targets(const Json& document) {
  std::set<std::size_t> lost;
  const Json::Array& targets = list_at(document, "targets");
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Json* error = targets[i].find("error");
    if (error != nullptr && !error->is_null()) lost.insert(i);
  }
  return lost;
}

std::string name_of(const Name& name) {
  return name.target == 0 ? name.vmx : "target " + std::to_string(name.target) + ": " + name.vmx;
}

Result<Scan> parse(const std::string& path, const std::string& text) {
  const auto document = parse_json(text);
  const Json* machines = document ? document->find("virtual_machines") : nullptr;
  if (machines == nullptr || machines->elements() == nullptr || text_at(*document, "schema") != "cbtctl.scan/1") {
    return Error{ErrorKind::malformed, path + ": is no output of cbtctl scan --json"};
  }
  Scan found{.machines = {}, .lost = lost_targets(*document)};
  for (const Json& machine : *machines->elements()) {
    Disks& disks = found.machines[{number_in(machine, "target").value_or(0), text_in(machine, "config_path")}];
    for (const Json& disk : list_at(machine, "disks")) disks[text_in(disk, "slot")] = disk_state(disk);
  }
  return found;
}

std::string change_id_of(const Tracking& tracking) {
  return tracking.uuid + "/" + (tracking.epoch ? std::to_string(*tracking.epoch) : "?");
}

// Nothing where tracking went on, or nobody can tell.
std::optional<Difference> compare_tracking(const Tracking& before, const Tracking& after) {
  if (before.uuid.empty() || after.uuid.empty()) return std::nullopt;
  const bool restarted = before.uuid != after.uuid;
  const bool went_backwards = before.epoch && after.epoch && *after.epoch < *before.epoch;
  if (!restarted && !went_backwards) return std::nullopt;
  return Difference{restarted ? DifferenceKind::tracking_restarted : DifferenceKind::tracking_went_backwards,
                    {},
                    {},
                    change_id_of(before),
                    change_id_of(after)};
}

void compare_disk(const std::string& vm, const std::string& slot, const DiskState& before, const DiskState& after,
                  std::vector<Difference>& out) {
  if (before.state != after.state) out.push_back({DifferenceKind::state_changed, vm, slot, before.state, after.state});
  auto change = compare_tracking(before.by_change_id, after.by_change_id);
  if (!change) change = compare_tracking(before.by_file, after.by_file);
  if (!change) return;
  change->vm = vm;
  change->disk = slot;
  out.push_back(std::move(*change));
}

std::string_view name_of(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::vm_added:
      return "vm-added";
    case DifferenceKind::vm_gone:
      return "vm-gone";
    case DifferenceKind::disk_added:
      return "disk-added";
    case DifferenceKind::disk_gone:
      return "disk-gone";
    case DifferenceKind::state_changed:
      return "state-changed";
    case DifferenceKind::tracking_restarted:
      return "tracking-restarted";
    case DifferenceKind::tracking_went_backwards:
      return "tracking-went-backwards";
  }
  return {};
}

std::string meaning_of(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::vm_added:
      return "a virtual machine came";
    case DifferenceKind::vm_gone:
      return "a virtual machine has gone";
    case DifferenceKind::disk_added:
      return "a disk came";
    case DifferenceKind::disk_gone:
      return "a disk has gone";
    case DifferenceKind::state_changed:
      return "the CBT state changed";
    case DifferenceKind::tracking_restarted:
      return "tracking restarted: the next incremental backup is a full one";
    case DifferenceKind::tracking_went_backwards:
      return "tracking went backwards: the disk was reverted or restored";
  }
  return {};
}

}  // namespace

Result<std::vector<Difference>> compare_scans(const std::string& old_path, const std::string& old_text,
                                              const std::string& new_path, const std::string& new_text) {
  const auto before = parse(old_path, old_text);
  if (!before) return before.error();
  const auto after = parse(new_path, new_text);
  if (!after) return after.error();
  for (const auto& [path, scan] : {std::pair(&old_path, &*before), std::pair(&new_path, &*after)}) {
    if (!scan->lost.empty())
      log::warning(*path + ": a target could not be read then: nothing is said to come or go there");
  }
  std::vector<Difference> changes;
  for (const auto& [name, disks] : before->machines) {
    const std::string vm = name_of(name);
    const auto now = after->machines.find(name);
    if (now == after->machines.end()) {
      if (!after->lost.contains(name.target)) changes.push_back({DifferenceKind::vm_gone, vm, {}, {}, {}});
      continue;
    }
    for (const auto& [slot, disk] : disks) {
      const auto same = now->second.find(slot);
      if (same == now->second.end()) {
        changes.push_back({DifferenceKind::disk_gone, vm, slot, disk.state, {}});
      } else {
        compare_disk(vm, slot, disk, same->second, changes);
      }
    }
    for (const auto& [slot, disk] : now->second) {
      if (!disks.contains(slot)) changes.push_back({DifferenceKind::disk_added, vm, slot, {}, disk.state});
    }
  }
  for (const auto& [name, disks] : after->machines) {
    if (!before->machines.contains(name) && !before->lost.contains(name.target))
      changes.push_back({DifferenceKind::vm_added, name_of(name), {}, {}, {}});
  }
  return changes;
}

std::string compare_table(const std::vector<Difference>& changes, const Style& style) {
  if (changes.empty()) return "nothing changed\n";
  Table table({{"VM"}, {"DISK"}, {"BEFORE"}, {"NOW"}, {"WHAT"}});
  for (const Difference& change : changes) {
    const auto or_dash = [](const std::string& text) { return text.empty() ? std::string("-") : escaped(text); };
    table.add({{escaped(change.vm)},
               {or_dash(change.disk)},
               {or_dash(change.before)},
               {or_dash(change.after)},
               {meaning_of(change.kind)}});
  }
  return table.print(style);
}

std::string compare_json(const std::vector<Difference>& changes, int exit_status) {
  Json document = envelope("cbtctl.compare/1", exit_status, {});
  document["changes"] = Json::array();
  for (const Difference& change : changes) {
    document["changes"].push_back({{"kind", name_of(change.kind)},
                                   {"vm", change.vm},
                                   {"disk", text_or_null(change.disk)},
                                   {"before", text_or_null(change.before)},
                                   {"after", text_or_null(change.after)},
                                   {"message", meaning_of(change.kind)}});
  }
  return printed(document);
}

}  // namespace cbtctl::report
