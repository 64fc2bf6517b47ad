#include "report/compare.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "formats/core/ascii.h"
#include "formats/core/path.h"
#include "log/log.h"
#include "model/identity.h"
#include "report/csv.h"
#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::join;
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
struct Machine {
  std::string vm;
  std::string name;
  model::Index target = 0;
  std::vector<model::Index> seen_by;
  std::string vc_uuid;
  std::string uuid_bios;
  Disks disks;
};
struct Scan {
  std::string path;
  std::vector<model::Target> targets;
  std::vector<Machine> machines;
};

std::string text_in(const Json& object, const char* name) { return text_at(object, name).value_or(""); }

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
  return ctk == nullptr ? Tracking{} : Tracking{text_in(*ctk, "uuid"), number_at(*ctk, "epoch")};
}

DiskState disk_state(const Json& disk) {
  DiskState state{.state = {}, .by_change_id = {}, .by_file = tracking_of_file(disk)};
  const Json* cbt = disk.find("cbt");
  if (cbt == nullptr || cbt->members() == nullptr) return state;
  state.state = text_in(*cbt, "state");
  state.by_change_id = tracking_of_change_id(text_in(*cbt, "change_id"));
  return state;
}

Machine machine_in(const Json& object) {
  Machine machine{.vm = text_in(object, "config_path"),
                  .name = text_in(object, "name"),
                  .target = number_at(object, "target").value_or(0)};
  for (const Json& target : list_at(object, "seen_by")) machine.seen_by.push_back(target.number().value_or(0));
  if (machine.seen_by.empty()) machine.seen_by.push_back(machine.target);
  machine.vc_uuid = formats::core::lower(text_in(object, "vc_uuid"));
  machine.uuid_bios = formats::core::lower(text_in(object, "uuid_bios"));
  for (const Json& disk : list_at(object, "disks")) machine.disks[text_in(disk, "slot")] = disk_state(disk);
  return machine;
}

Result<Scan> parse(const std::string& path, const std::string& text) {
  const auto document = parse_json(text);
  const Json* machines = document ? document->find("virtual_machines") : nullptr;
  if (machines == nullptr || machines->elements() == nullptr || text_at(*document, "schema") != "cbtctl.scan/1") {
    return Error{ErrorKind::malformed, path + ": is no output of cbtctl scan --json"};
  }
  Scan found{.path = path, .targets = targets_in(*document)};
  for (const Json& machine : *machines->elements()) found.machines.push_back(machine_in(machine));
  return found;
}

// Of a version that told no canonical location, nor a volume.
bool is_early(const Scan& scan) {
  return std::all_of(scan.targets.begin(), scan.targets.end(), [](const model::Target& target) {
    return target.canonical.empty() && target.volumes.empty() && !target.error;
  });
}

// Both by what the earlier of them tells.
void level(Scan& before, Scan& after) {
  if (!is_early(before) && !is_early(after)) return;
  log::warning((is_early(before) ? before : after).path +
               ": tells no canonical locations: machines are matched by location and path");
  for (Scan* scan : {&before, &after}) {
    for (model::Target& target : scan->targets) {
      target.canonical.clear();
      target.volumes.clear();
    }
  }
}

std::string location_of(const Scan& scan, model::Index target) {
  return target < scan.targets.size() ? scan.targets[target].location : std::string();
}

// Whether nobody can tell if the other scan would have seen the machine: of the targets that see it some could not be
// read there, and none could.
bool is_out_of_sight(const Scan& scan, const Machine& machine, const Scan& other) {
  bool is_lost = false;
  for (const model::Index index : machine.seen_by) {
    for (const model::Target& target : other.targets) {
      if (target.location != location_of(scan, index)) continue;
      if (!target.error) return false;
      is_lost = true;
    }
  }
  return is_lost;
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
  return Difference{.kind = restarted ? DifferenceKind::tracking_restarted : DifferenceKind::tracking_went_backwards,
                    .before = change_id_of(before),
                    .after = change_id_of(after)};
}

class Comparison {
 public:
  Comparison(const Scan& before, const Scan& after) : before_(before), after_(after) {
    const bool is_same_place = model::are_single_and_nameless(before.targets, after.targets);
    const auto key_of = [&](const Scan& scan, const Machine& machine) {
      return is_same_place ? machine.vm : model::identity_of(scan.targets, machine.target, machine.vm);
    };
    std::map<std::string, const Machine*> now;
    for (const Machine& machine : after.machines) now.emplace(key_of(after, machine), &machine);
    for (const Machine& machine : before.machines) {
      const auto same = now.find(key_of(before, machine));
      if (same == now.end()) {
        gone_.push_back(&machine);
      } else {
        pairs_.emplace_back(&machine, same->second);
        now.erase(same);
      }
    }
    for (const auto& [key, machine] : now) added_.push_back(machine);
    pair_moved(&Machine::vc_uuid);
    pair_moved(&Machine::uuid_bios);
  }

  std::vector<Difference> differences() && {
    for (const Machine* machine : gone_) {
      if (!is_out_of_sight(before_, *machine, after_)) add(DifferenceKind::vm_gone, before_, *machine);
    }
    for (const auto& [old, now] : pairs_) compare(*old, *now);
    for (const Machine* machine : added_) {
      if (!is_out_of_sight(after_, *machine, before_)) add(DifferenceKind::vm_added, after_, *machine);
    }
    std::stable_sort(found_.begin(), found_.end(), [](const Difference& a, const Difference& b) {
      return std::tie(a.location, a.vm) < std::tie(b.location, b.vm);
    });
    return std::move(found_);
  }

 private:
  // A machine that is called so on either side, and no other there.
  static std::map<std::string, const Machine*> alone(const std::vector<const Machine*>& machines,
                                                     std::string Machine::*identity) {
    std::map<std::string, const Machine*> by_identity;
    for (const Machine* machine : machines) {
      if ((machine->*identity).empty()) continue;
      const auto [at, is_first] = by_identity.emplace(machine->*identity, machine);
      if (!is_first) at->second = nullptr;  // a copy: which of them went on nobody can tell
    }
    std::erase_if(by_identity, [](const auto& each) { return each.second == nullptr; });
    return by_identity;
  }

  void pair_moved(std::string Machine::*identity) {
    const auto came = alone(added_, identity);
    for (const auto& [text, old] : alone(gone_, identity)) {
      const auto now = came.find(text);
      if (now == came.end()) continue;
      std::erase(gone_, old);
      std::erase(added_, now->second);
      pairs_.emplace_back(old, now->second);
      add(DifferenceKind::vm_moved, after_, *now->second);
      found_.back().before = join(location_of(before_, old->target), old->vm);
      found_.back().after = join(location_of(after_, now->second->target), now->second->vm);
    }
  }

  void add(DifferenceKind kind, const Scan& scan, const Machine& machine, const std::string& disk = {}) {
    found_.push_back({kind, machine.target, location_of(scan, machine.target), machine.vm, machine.name, disk, {}, {}});
  }

  void add(DifferenceKind kind, const Machine& machine, const std::string& disk, std::string before,
           std::string after) {
    add(kind, after_, machine, disk);
    found_.back().before = std::move(before);
    found_.back().after = std::move(after);
  }

  void compare(const Machine& old, const Machine& now) {
    for (const auto& [slot, disk] : old.disks) {
      const auto same = now.disks.find(slot);
      if (same == now.disks.end()) {
        add(DifferenceKind::disk_gone, now, slot, disk.state, {});
      } else {
        compare_disk(now, slot, disk, same->second);
      }
    }
    for (const auto& [slot, disk] : now.disks) {
      if (!old.disks.contains(slot)) add(DifferenceKind::disk_added, now, slot, {}, disk.state);
    }
  }

  void compare_disk(const Machine& machine, const std::string& slot, const DiskState& before, const DiskState& after) {
    if (before.state != after.state) add(DifferenceKind::state_changed, machine, slot, before.state, after.state);
    auto change = compare_tracking(before.by_change_id, after.by_change_id);
    if (!change) change = compare_tracking(before.by_file, after.by_file);
    if (change) add(change->kind, machine, slot, change->before, change->after);
  }

  const Scan& before_;
  const Scan& after_;
  std::vector<const Machine*> gone_;
  std::vector<const Machine*> added_;
  std::vector<std::pair<const Machine*, const Machine*>> pairs_;
  std::vector<Difference> found_;
};

std::string_view name_of(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::vm_added:
      return "vm-added";
    case DifferenceKind::vm_gone:
      return "vm-gone";
    case DifferenceKind::vm_moved:
      return "vm-moved";
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
    case DifferenceKind::vm_moved:
      return "the virtual machine lies elsewhere now";
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
  auto before = parse(old_path, old_text);
  if (!before) return before.error();
  auto after = parse(new_path, new_text);
  if (!after) return after.error();
  for (const Scan* scan : {&*before, &*after}) {
    for (const model::Target& target : scan->targets) {
      if (target.error)
        log::warning(scan->path + ": " + target.location +
                     " could not be read then: nothing is said to come or go there");
    }
  }
  level(*before, *after);
  return Comparison(*before, *after).differences();
}

std::string compare_table(const std::vector<Difference>& changes, const Style& style) {
  if (changes.empty()) return "nothing changed\n";
  const bool has_several = std::any_of(changes.begin(), changes.end(), [&](const Difference& change) {
    return change.location != changes.front().location;
  });
  Table table({{"VM"}, {"DISK"}, {"BEFORE"}, {"NOW"}, {"WHAT"}});
  for (const Difference& change : changes) {
    const auto or_dash = [](const std::string& text) { return text.empty() ? std::string("-") : escaped(text); };
    table.add({{escaped(has_several ? join(change.location, change.vm) : change.vm)},
               {or_dash(change.disk)},
               {or_dash(change.before)},
               {or_dash(change.after)},
               {meaning_of(change.kind)}});
  }
  return table.print(style);
}

std::string compare_csv(const std::vector<Difference>& changes) {
  std::string out = csv_row({"location", "vm", "name", "kind", "disk", "before", "after"});
  for (const Difference& change : changes) {
    out += csv_row({change.location, change.vm, change.name, std::string(name_of(change.kind)), change.disk,
                    change.before, change.after});
  }
  return out;
}

std::string compare_json(const std::vector<Difference>& changes, int exit_status) {
  Json document = envelope("cbtctl.compare/2", exit_status, {});
  document["changes"] = Json::array();
  for (const Difference& change : changes) {
    document["changes"].push_back({{"kind", name_of(change.kind)},
                                   {"target", change.target},
                                   {"location", change.location},
                                   {"vm", change.vm},
                                   {"disk", text_or_null(change.disk)},
                                   {"before", text_or_null(change.before)},
                                   {"after", text_or_null(change.after)},
                                   {"message", meaning_of(change.kind)}});
  }
  return printed_document(std::move(document));
}

}  // namespace cbtctl::report
