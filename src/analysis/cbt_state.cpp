// The states are tried in the contract's order; each function answers for one line of its table and says nothing
// where the line does not fit.
#include "analysis/cbt_state.h"

#include <algorithm>
#include <array>

#include "model/completeness.h"

namespace cbtctl::analysis {
namespace {

using formats::text::equal_ignoring_case;
using model::ErrorKind;

constexpr unsigned least_hardware_version = 7;

const model::Descriptor* descriptor_of(const model::Datastore& datastore, const model::ChainLink& link) {
  return link.descriptor ? &datastore.descriptors[*link.descriptor] : nullptr;
}

bool names_tracking(const model::Datastore& datastore, const model::ChainLink& link) {
  const model::Descriptor* descriptor = descriptor_of(datastore, link);
  return descriptor != nullptr && descriptor->tracking.has_value();
}

// Named, and not known to be missing.
bool has_tracking(const model::Datastore& datastore, const model::ChainLink& link) {
  if (!names_tracking(datastore, link)) return false;
  const auto& file = descriptor_of(datastore, link)->tracking->file;
  return !file || datastore.files[*file].exists;
}

bool is_raw_device_map(const model::Descriptor& descriptor, bool physical) {
  const std::string_view type = descriptor.content.create_type;
  return equal_ignoring_case(type, physical ? "vmfsPassthroughRawDeviceMap" : "vmfsRawDeviceMap");
}

std::string why_unreadable(const model::Datastore& datastore, const model::ChainLink& link) {
  const std::string name = "the descriptor " + link.reference.written;
  if (!link.reference.file) return name + " lies outside the scan";
  const model::File& file = datastore.files[*link.reference.file];
  if (!file.exists) return name + " is missing";
  if (!file.error) return name + " is damaged: holds no descriptor";
  switch (file.error->kind) {
    case ErrorKind::denied:
      return name + " cannot be read: denied";
    case ErrorKind::in_use:
      return name + " is in use elsewhere";
    case ErrorKind::outside:
      return name + " lies outside the scan";
    case ErrorKind::malformed:
    case ErrorKind::truncated:
      return name + " is damaged: " + file.error->message;
    case ErrorKind::encrypted:
      return name + " is encrypted";
    case ErrorKind::missing:
    case ErrorKind::unavailable:
    case ErrorKind::changed:
    case ErrorKind::unsupported:
    case ErrorKind::usage:
    case ErrorKind::cancelled:
      return name + " cannot be read: " + file.error->message;
  }
  return name;
}

// A key that stands twice with different values and would decide this disk.
std::optional<std::string> contradiction(const formats::vmx::Configuration& settings, const std::string& slot) {
  if (settings.duplicates.empty()) return std::nullopt;  // nearly always
  const std::array<std::string, 10> deciding{
      "ctkenabled",       "ctkdisallowed",     "virtualhw.version",  slot.substr(0, slot.find(':')) + ".sharedbus",
      slot + ".filename", slot + ".present",   slot + ".devicetype", slot + ".mode",
      slot + ".sharing",  slot + ".ctkenabled"};
  for (const formats::vmx::DuplicateKey& duplicate : settings.duplicates) {
    const bool decides =
        std::find(deciding.begin(), deciding.end(), formats::text::lower(duplicate.key)) != deciding.end();
    if (duplicate.values_differ && decides) return "the key " + duplicate.key + " stands twice with different values";
  }
  return std::nullopt;
}

std::optional<std::string> unreadable(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                      const model::Disk& disk) {
  if (machine.unreadable) return "the configuration cannot be read: " + machine.unreadable->message;
  if (auto twice = contradiction(machine.settings, disk.settings.slot)) return twice;
  const model::Descriptor* active = descriptor_of(datastore, disk.chain.front());
  if (active == nullptr) return why_unreadable(datastore, disk.chain.front());
  if (active->content.encrypted) return "the descriptor " + disk.chain.front().reference.written + " is encrypted";
  const auto defects = active->content.check();
  if (!defects.empty()) return "the descriptor is damaged: " + defects.front().message;
  return std::nullopt;
}

bool has_unknown_layout(const model::Datastore& datastore, const model::Disk& disk) {
  return std::any_of(disk.chain.begin(), disk.chain.end(), [&](const model::ChainLink& link) {
    const model::Descriptor* descriptor = descriptor_of(datastore, link);
    return descriptor != nullptr && descriptor->content.lies_in_objects();
  });
}

bool has_raw_device_map(const model::Datastore& datastore, const model::Disk& disk, bool physical) {
  return std::any_of(disk.chain.begin(), disk.chain.end(), [&](const model::ChainLink& link) {
    const model::Descriptor* descriptor = descriptor_of(datastore, link);
    return descriptor != nullptr && is_raw_device_map(*descriptor, physical);
  });
}

using model::DatastoreType;

std::vector<std::string> unsupported(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                     const model::Disk& disk) {
  std::vector<std::string> reasons;
  const auto hardware = machine.settings.hardware_version;
  if (hardware && *hardware < least_hardware_version) {
    reasons.push_back("virtual hardware " + std::to_string(*hardware) + " is older than 7");
  }
  if (disk.settings.is_independent()) reasons.push_back("the disk's mode is " + disk.settings.mode);
  if (has_raw_device_map(datastore, disk, true) ||
      equal_ignoring_case(disk.settings.device_type, "scsi-passThru-rdm")) {
    reasons.emplace_back("the disk is a physical RDM");
  }
  if (disk.settings.shared_bus != "none") reasons.push_back("the SCSI bus is shared: " + disk.settings.shared_bus);
  if (disk.settings.sharing == "multi-writer") reasons.emplace_back("the disk is shared: multi-writer");
  if (has_unknown_layout(datastore, disk) || datastore_type(datastore, disk) == DatastoreType::vvol) {
    reasons.emplace_back(unknown_layout);
  }
  return reasons;
}

CbtVerdict tracked_or_broken(const TrackingVerdict& tracking, const model::VirtualMachine& machine) {
  CbtVerdict verdict{
      .state = tracking.fits == false ? CbtState::broken : CbtState::tracked, .reasons = {}, .change_id = {}};
  if (!tracking.reason.empty()) verdict.reasons.push_back(tracking.reason);
  if (verdict.state == CbtState::broken) return verdict;
  auto completeness = model::completeness_of(&machine.power, tracking.reading ? tracking.reading->flags : 0);
  if (completeness.complete != true) verdict.reasons.push_back(std::move(completeness.reason));
  return verdict;
}

std::string leftover_reason(const model::Datastore& datastore, const model::ChainLink& link) {
  const model::Descriptor& descriptor = datastore.descriptors[*link.descriptor];
  return "CBT is not on for this disk, yet " + datastore.files[descriptor.file].path + " names " +
         descriptor.tracking->written;
}

// Both keys are TRUE, and ctkDisallowed is not.
bool is_on(const model::VirtualMachine& machine, const model::Disk& disk) {
  return is_true(machine.settings.ctk_enabled) && is_true(disk.settings.ctk_enabled) &&
         !is_true(machine.settings.ctk_disallowed);
}

CbtVerdict untracked(const model::Datastore& datastore, const model::VirtualMachine& machine, const model::Disk& disk) {
  const auto& vm_key = machine.settings.ctk_enabled;
  const auto& disk_key = disk.settings.ctk_enabled;
  if (!is_on(machine, disk)) {
    for (const model::ChainLink& link : disk.chain) {
      if (!link.own || !names_tracking(datastore, link)) continue;
      return {CbtState::leftover, {leftover_reason(datastore, link)}, {}};
    }
  }
  if (is_true(machine.settings.ctk_disallowed)) return {CbtState::off, {"disallowed"}, {}};
  if (is_true(vm_key) && is_true(disk_key)) {
    return {CbtState::pending, {"tracking starts at the next power-on or stun"}, {}};
  }
  if (is_true(vm_key) && is_false(disk_key)) return {CbtState::off, {"excluded by its own key"}, {}};
  if (is_true(vm_key)) {
    const std::string key = disk.settings.slot + ".ctkEnabled";
    return {CbtState::partial,
            {disk_key ? "the VM's key is TRUE, " + key + " is neither TRUE nor FALSE"
                      : "the VM's key is TRUE, the disk has no key " + key},
            {}};
  }
  if (is_true(disk_key)) return {CbtState::partial, {"the disk's key is TRUE, the VM's key ctkEnabled is not"}, {}};
  return {CbtState::off, {}, {}};
}

}  // namespace

// The longest path decides.
DatastoreType datastore_type(const model::Datastore& datastore, const model::File& file) {
  if (file.target >= datastore.targets.size()) return DatastoreType::unknown;
  const model::DatastoreSpan* best = nullptr;
  for (const model::DatastoreSpan& span : datastore.targets[file.target].datastores) {
    const bool holds = span.path.empty() || file.path.starts_with(span.path + "/");
    if (holds && (best == nullptr || span.path.size() > best->path.size())) best = &span;
  }
  return best == nullptr ? DatastoreType::unknown : best->type;
}

DatastoreType datastore_type(const model::Datastore& datastore, const model::Disk& disk) {
  DatastoreType type = DatastoreType::vmfs;
  for (const model::ChainLink& link : disk.chain) {
    const auto& file = link.reference.file;
    const DatastoreType here = file ? datastore_type(datastore, datastore.files[*file]) : DatastoreType::unknown;
    if (type == DatastoreType::vmfs || here != DatastoreType::vmfs) type = here;
    if (type != DatastoreType::vmfs && type != DatastoreType::unknown) return type;
  }
  return type;
}

CbtVerdict judge(const model::Datastore& datastore, const model::VirtualMachine& machine, const model::Disk& disk) {
  CbtVerdict verdict;
  std::optional<TrackingVerdict> tracking;
  if (names_tracking(datastore, disk.chain.front()))
    tracking = judge_tracking(datastore, *descriptor_of(datastore, disk.chain.front()));
  if (auto reason = unreadable(datastore, machine, disk)) {
    verdict.reasons.push_back(std::move(*reason));
  } else if (auto reasons = unsupported(datastore, machine, disk); !reasons.empty()) {
    verdict = {CbtState::unsupported, std::move(reasons), {}};
  } else if (!disk.chain.front().own) {
    const model::File& file = datastore.files[*disk.chain.front().reference.file];
    verdict = {CbtState::off, {"another machine's disk: " + file.path}, {}};
  } else if (is_on(machine, disk) && tracking) {
    verdict = tracked_or_broken(*tracking, machine);
  } else {
    verdict = untracked(datastore, machine, disk);
  }
  if (tracking && tracking->reading) verdict.change_id = tracking->reading->change_id();
  return verdict;
}

StarQuery judge_star_query(const model::Datastore& datastore, const model::Disk& disk) {
  StarQuery query;
  const DatastoreType type = datastore_type(datastore, disk);
  if (type != DatastoreType::unknown && type != DatastoreType::vmfs) {
    query.reasons.emplace_back("not on VMFS");
  }
  if (has_raw_device_map(datastore, disk, true) || has_raw_device_map(datastore, disk, false)) {
    query.reasons.emplace_back("the disk is an RDM");
  }
  const bool active_is_tracked = names_tracking(datastore, disk.chain.front());
  for (std::size_t i = 1; active_is_tracked && i < disk.chain.size(); ++i) {
    const model::ChainLink& link = disk.chain[i];
    if (!link.own || !link.descriptor || has_tracking(datastore, link)) continue;
    query.reasons.push_back("tracking began while a snapshot existed: " + link.reference.written + " has no CTK file");
    break;
  }
  if (!query.reasons.empty()) {
    query.usable = false;
  } else if (type == DatastoreType::vmfs) {
    query.usable = true;
  } else {
    query.reasons.emplace_back("the datastore's type is not known");
  }
  if (query.usable != false) query.reasons.emplace_back("deprecated since vSphere 6.7");
  return query;
}

}  // namespace cbtctl::analysis
