#include "repair/guards.h"

#include <algorithm>

#include "analysis/cbt_state.h"
#include "formats/core/joined.h"
#include "model/same_machine.h"

namespace cbtctl::repair {
namespace {

using formats::core::ErrorKind;
using model::PowerState;

std::size_t own_links(const model::Disk& disk) {
  return static_cast<std::size_t>(
      std::count_if(disk.chain.begin(), disk.chain.end(), [](const auto& link) { return link.own; }));
}

bool lies_in_object(const model::Datastore& datastore, const model::Disk& disk) {
  const auto type = analysis::datastore_type(datastore, disk);
  if (type == model::DatastoreType::vsan || type == model::DatastoreType::vvol) return true;
  return std::any_of(disk.chain.begin(), disk.chain.end(), [&](const model::ChainLink& link) {
    if (!link.descriptor) return false;
    const auto& content = datastore.descriptors[*link.descriptor].content;
    return formats::text::equal_ignoring_case(content.create_type, "vsanSparse") ||
           std::any_of(content.extents.begin(), content.extents.end(), [](const auto& line) {
             return line.kind == formats::vmdk::ExtentKind::vsan_sparse || line.file_name.starts_with("vsan://") ||
                    line.file_name.starts_with("vvol://");
           });
  });
}

// A link that would be own if no other machine ran on it, or froze it: who sees less of the world takes it for own.
const model::Reference* held_below(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                   const model::Disk& disk) {
  const std::size_t own = own_links(disk);
  if (own == 0 || own == disk.chain.size() || !disk.chain[own].reference.file) return nullptr;
  const model::File& above = datastore.files[*disk.chain[own - 1].reference.file];
  const model::File& below = datastore.files[*disk.chain[own].reference.file];
  // One beside the .vmx may be the golden image that a clone was made of; where it is tracked, nobody can be sure.
  const auto& base = disk.chain[own].descriptor;
  const bool is_tracked = base && datastore.descriptors[*base].tracking;
  const bool is_held = lies_beside(above, below) && (is_tracked || !lies_beside(datastore.files[machine.file], below));
  return is_held ? &disk.chain[own].reference : nullptr;
}

// A machine that cannot be read may run on what lies in its folder.
std::optional<std::string> unread_at_home_of(const Users& users, const model::VirtualMachine& machine,
                                             const model::ChainLink& link) {
  if (!link.reference.file) return std::nullopt;
  const model::Datastore& datastore = users.datastore();
  const model::File& disk = datastore.files[*link.reference.file];
  if (lies_beside(disk, datastore.files[machine.file])) return std::nullopt;
  for (const model::VirtualMachine* other : users.beside(disk)) {
    if (other->unreadable && lies_beside(disk, datastore.files[other->file]))
      return datastore.files[other->file].path + ", which cannot be read, may run on " + link.reference.written;
  }
  return std::nullopt;
}

// Another configuration of the same machine that runs on the very link tells nothing new of it, as long as it is off.
bool is_idle_copy(const model::Datastore& datastore, const model::VirtualMachine& machine,
                  const model::VirtualMachine& other, model::Index link) {
  if (!model::is_same_machine(datastore, machine, other) || other.power.state != PowerState::off) return false;
  return std::all_of(other.disks.begin(), other.disks.end(), [&](const model::Disk& disk) {
    return std::none_of(disk.chain.begin() + 1, disk.chain.end(),
                        [&](const model::ChainLink& below) { return below.reference.file == link; });
  });
}

// Another machine runs on, or another descriptor shares the CTK file of, an own link of the disk.
std::optional<std::string> shared_with(const Users& users, const model::VirtualMachine& machine,
                                       const model::Disk& disk) {
  const model::Datastore& datastore = users.datastore();
  for (const model::ChainLink& link : disk.chain) {
    if (!link.own || !link.reference.file) continue;
    for (const model::VirtualMachine* other : users.of(*link.reference.file)) {
      if (other->file == machine.file || is_idle_copy(datastore, machine, *other, *link.reference.file)) continue;
      return datastore.files[other->file].path + " uses " + link.reference.written + " too";
    }
    if (!link.descriptor) continue;
    const auto& tracking = datastore.descriptors[*link.descriptor].tracking;
    if (!tracking || !tracking->file || !datastore.files[*tracking->file].tracking) continue;
    for (const model::Index user : datastore.tracking_files[*datastore.files[*tracking->file].tracking].named_by) {
      if (user != *link.descriptor && datastore.descriptors[user].judged) {
        return datastore.files[datastore.descriptors[user].file].path + " names the same CTK file";
      }
    }
  }
  return std::nullopt;
}

std::optional<Refusal> refuse_hardware(const model::Datastore& datastore, const model::VirtualMachine& machine) {
  constexpr unsigned least_hardware = 7;
  const auto hardware = machine.settings.hardware_version;
  if (!hardware || *hardware >= least_hardware) return std::nullopt;
  return refusal(datastore, machine, Reason::hardware_too_old,
                 "virtual hardware " + std::to_string(*hardware) + " is older than 7");
}

// What hosts that see the machine say; on a mount nobody says anything.
std::optional<Refusal> refuse_by_host(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                      const Request& request) {
  const bool has_host = std::any_of(machine.seen_by.begin(), machine.seen_by.end(), [&](const model::Index target) {
    return datastore.targets[target].inventory.has_value();
  });
  if (!has_host) return std::nullopt;
  const auto registrations = machine.registrations.value_or(std::vector<model::Registration>{});
  for (const model::Registration& registration : registrations) {
    const auto& tasks = datastore.targets[registration.target].inventory->tasks;
    if (!tasks) return refusal(datastore, machine, Reason::pending_task, "the host does not tell its tasks");
    for (const model::HostTask& task : *tasks) {
      if (task.machine_id == registration.id)
        return refusal(datastore, machine, Reason::pending_task, "the host has a task for it: " + task.name);
    }
  }
  if (registrations.empty() && !is_among(request.assumed_unregistered, datastore, machine))
    return refusal(datastore, machine, Reason::not_registered,
                   machine.registrations ? "no host that is connected has it registered; --assume-unregistered"
                                         : "the host does not tell what it has registered; --assume-unregistered");
  return std::nullopt;
}

// Why a machine whose power state is this may not be changed; the operator's word may stand for what is not known.
std::optional<Reason> power_objection(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                      const Request& request) {
  const auto& evidence = machine.power.evidence;
  switch (machine.power.state) {
    case PowerState::off:
      return std::nullopt;
    case PowerState::on:
      return Reason::powered_on;
    case PowerState::suspended:
      return Reason::suspended;
    case PowerState::unknown:
      if (std::any_of(evidence.begin(), evidence.end(), model::is_lock)) return Reason::locked;
      if (!is_among(request.assumed_off, datastore, machine)) return Reason::power_unknown;
      return std::nullopt;
  }
  return Reason::power_unknown;
}

Refusal refuse_object(const model::Datastore& datastore, const model::VirtualMachine& machine,
                      const std::string& slot) {
  return refusal(datastore, machine, Reason::vsan_or_vvol, slot + ": how CTK files behave there is not known");
}

bool leads_outside(const model::Datastore& datastore, const model::Reference& reference) {
  return !reference.file || reference.by_tail || datastore.files[*reference.file].target >= datastore.targets.size();
}

// What of an own link is not in the scan by its own path: the descriptor, its CTK file or an extent.
std::optional<std::string> outside_of(const model::Datastore& datastore, const model::ChainLink& link) {
  if (leads_outside(datastore, link.reference)) return link.reference.written;
  if (!link.descriptor) return std::nullopt;
  const model::Descriptor& descriptor = datastore.descriptors[*link.descriptor];
  if (descriptor.tracking && leads_outside(datastore, *descriptor.tracking)) return descriptor.tracking->written;
  for (const model::Extent& extent : descriptor.extents) {
    if (extent.reference && leads_outside(datastore, *extent.reference)) return extent.reference->written;
  }
  return std::nullopt;
}

// A target is the root of its number in a look at a plan's roots.
bool changes_file(const MachinePlan& plan, const model::File& file, ChangeKind kind) {
  return has_step(plan, {file.target, file.path}, kind);
}

std::optional<Refusal> refuse_others(const MachinePlan& plan, const model::Datastore& now) {
  for (const model::VirtualMachine& machine : now.virtual_machines) {
    const model::File& file = now.files[machine.file];
    const bool is_own = plan.has_machine && file.target == 0 && file.path == plan.vm;
    if (is_own || machine.power.state == PowerState::off || !holds_what_changes(plan, now, machine)) continue;
    const bool is_on = machine.power.state == PowerState::on;
    return Refusal{plan.vm, is_on ? Reason::powered_on : Reason::power_unknown,
                   file.path + " uses a disk of it: " + formats::core::joined(words_of(machine.power), ", ")};
  }
  return std::nullopt;
}

}  // namespace

bool holds_what_changes(const MachinePlan& plan, const model::Datastore& now, const model::VirtualMachine& machine) {
  const auto is_changed = [&](const model::ChainLink& link) {
    if (!link.descriptor) return false;
    const model::Descriptor& descriptor = now.descriptors[*link.descriptor];
    if (changes_file(plan, now.files[descriptor.file], ChangeKind::edit)) return true;
    return descriptor.tracking && descriptor.tracking->file &&
           changes_file(plan, now.files[*descriptor.tracking->file], ChangeKind::quarantine);
  };
  return std::any_of(machine.disks.begin(), machine.disks.end(), [&](const model::Disk& disk) {
    return std::any_of(disk.chain.begin(), disk.chain.end(), is_changed);
  });
}

bool is_among(const std::vector<std::string>& names, const model::Datastore& datastore,
              const model::VirtualMachine& machine) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return name == machine.settings.display_name || name == datastore.files[machine.file].path;
  });
}

Refusal refusal(const model::Datastore& datastore, const model::VirtualMachine& machine, Reason reason,
                std::string message) {
  return {datastore.files[machine.file].path, reason, std::move(message)};
}

const model::VirtualMachine* find_machine(const model::Datastore& now, const std::string& vm) {
  for (const model::VirtualMachine& machine : now.virtual_machines) {
    const model::File& file = now.files[machine.file];
    if (file.target == 0 && file.path == vm) return &machine;
  }
  return nullptr;
}

std::optional<Refusal> refuse_power(const MachinePlan& plan, const model::Datastore& now) {
  if (auto objection = refuse_others(plan, now); objection || !plan.has_machine) return objection;
  Request request;
  request.include_templates = true;
  if (plan.assumed_off) request.assumed_off = {plan.vm};
  if (plan.assumed_unregistered) request.assumed_unregistered = {plan.vm};
  if (const auto* machine = find_machine(now, plan.vm)) return refuse_machine(now, *machine, request);
  return Refusal{plan.vm, Reason::unreadable, plan.vm + " is not there any more"};
}

bool has_unseen_link(const model::Datastore& datastore, const model::Disk& disk) {
  return std::any_of(disk.chain.begin(), disk.chain.end(), [&](const model::ChainLink& link) {
    if (!link.own || link.descriptor) return false;
    return leads_outside(datastore, link.reference) || datastore.files[*link.reference.file].exists;
  });
}

std::optional<Refusal> refuse_duplicates(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                         const Intent& intent) {
  const auto& duplicates = machine.settings.duplicates;
  if (duplicates.empty() || !intent.kept_keys.empty()) return std::nullopt;
  return refusal(datastore, machine, Reason::duplicate_keys, duplicates.front().key + " stands twice");
}

Refusal refuse_untrackable(const model::Datastore& datastore, const model::VirtualMachine& machine) {
  if (auto old = refuse_hardware(datastore, machine)) return *old;
  for (const model::Disk& disk : machine.disks) {
    if (lies_in_object(datastore, disk)) return refuse_object(datastore, machine, disk.settings.slot);
  }
  return refusal(datastore, machine, Reason::no_trackable_disk, "no disk of this machine can be tracked");
}

std::optional<Refusal> refuse_machine(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                      const Request& request) {
  const auto refuse = [&](Reason reason, const std::string& message) {
    return refusal(datastore, machine, reason, message);
  };
  if (machine.unreadable) {
    return refuse(machine.unreadable->kind == ErrorKind::encrypted ? Reason::encrypted : Reason::unreadable,
                  "the configuration " + machine.unreadable->message);
  }
  if (machine.is_template && !request.include_templates)
    return refuse(Reason::is_template,
                  request.verb == Verb::enable ? "is a template; --include-templates takes it in" : "is a template");
  if (const auto reason = power_objection(datastore, machine, request))
    return refuse(*reason, formats::core::joined(words_of(machine.power), ", "));
  return refuse_by_host(datastore, machine, request);
}

std::optional<Refusal> refuse_tracking(const Users& users, const model::VirtualMachine& machine,
                                       std::span<const model::Disk* const> disks) {
  const model::Datastore& datastore = users.datastore();
  const auto refuse = [&](Reason reason, const std::string& message) {
    return refusal(datastore, machine, reason, message);
  };
  if (auto old = refuse_hardware(datastore, machine)) return old;
  const model::SnapshotFile* list = machine.snapshot_file ? &datastore.snapshot_files[*machine.snapshot_file] : nullptr;
  if (list != nullptr && !list->content)
    return refuse(Reason::unreadable,
                  datastore.files[list->file].path + " cannot be read, so snapshots cannot be told");
  if (list != nullptr && !list->content->snapshots.empty()) {
    return refuse(Reason::has_snapshots,
                  std::to_string(list->content->snapshots.size()) + " in " + datastore.files[list->file].path);
  }
  for (const model::Disk& disk : machine.disks) {
    if (own_links(disk) > 1 || disk.loops)
      return refuse(
          Reason::needs_consolidation,
          disk.settings.slot + " runs on " + disk.chain.front().reference.written + ", which no snapshot lists");
    if (const model::Reference* held = held_below(datastore, machine, disk))
      return refuse(Reason::shared_disk, disk.settings.slot + ": another machine holds " + held->written + " below it");
  }
  if ((list != nullptr && list->content->need_consolidate) || is_true(machine.settings.need_consolidate))
    return refuse(Reason::needs_consolidation, "snapshot.needConsolidate is TRUE");
  for (const model::Disk* disk : disks) {
    const std::string& slot = disk->settings.slot;
    if (lies_in_object(datastore, *disk)) return refuse_object(datastore, machine, slot);
    if (!disk->chain.front().own)
      return refuse(Reason::shared_disk, slot + ": " + disk->chain.front().reference.written + " is another machine's");
    for (const model::ChainLink& link : disk->chain) {
      if (!link.own) break;
      if (const auto outside = outside_of(datastore, link))
        return refuse(Reason::outside_scan, slot + ": " + *outside + " is not in the scan by its own path");
      if (const auto unread = unread_at_home_of(users, machine, link))
        return refuse(Reason::shared_disk, slot + ": " + *unread);
    }
    const auto verdict = analysis::judge(datastore, machine, *disk);
    if (verdict.state == analysis::CbtState::unreadable)
      return refuse(Reason::unreadable, slot + ": " + formats::core::joined(verdict.reasons, ", "));
    if (const auto other = shared_with(users, machine, *disk)) return refuse(Reason::shared_disk, slot + ": " + *other);
  }
  return std::nullopt;
}

}  // namespace cbtctl::repair
