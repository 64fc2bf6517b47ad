// The states are tried in the contract's order; each function answers for one line of its table and says nothing
// where the line does not fit.
#include "analysis/cbt_state.h"

#include <algorithm>
#include <array>

#include "formats/core/spelling.h"
#include "model/completeness.h"

namespace cbtctl::analysis {
namespace {

using formats::core::Spelling;
using formats::text::equal_ignoring_case;
using model::ErrorKind;

constexpr std::array reason_names{
    Spelling<ReasonCode>{ReasonCode::another_machines_disk, "another-machines-disk"},
    Spelling<ReasonCode>{ReasonCode::capacity_unknown, "capacity-unknown"},
    Spelling<ReasonCode>{ReasonCode::configuration_unreadable, "configuration-unreadable"},
    Spelling<ReasonCode>{ReasonCode::contradicting_keys, "contradicting-keys"},
    Spelling<ReasonCode>{ReasonCode::ctk_covers_less, "ctk-covers-less"},
    Spelling<ReasonCode>{ReasonCode::ctk_covers_more, "ctk-covers-more"},
    Spelling<ReasonCode>{ReasonCode::ctk_cut, "ctk-cut"},
    Spelling<ReasonCode>{ReasonCode::ctk_in_use, "ctk-in-use"},
    Spelling<ReasonCode>{ReasonCode::ctk_is_data, "ctk-is-data"},
    Spelling<ReasonCode>{ReasonCode::ctk_missing, "ctk-missing"},
    Spelling<ReasonCode>{ReasonCode::ctk_not_understood, "ctk-not-understood"},
    Spelling<ReasonCode>{ReasonCode::ctk_other_version, "ctk-other-version"},
    Spelling<ReasonCode>{ReasonCode::ctk_outside_scan, "ctk-outside-scan"},
    Spelling<ReasonCode>{ReasonCode::ctk_padded, "ctk-padded"},
    Spelling<ReasonCode>{ReasonCode::ctk_unreadable, "ctk-unreadable"},
    Spelling<ReasonCode>{ReasonCode::ctk_unrecognised, "ctk-unrecognised"},
    Spelling<ReasonCode>{ReasonCode::descriptor_damaged, "descriptor-damaged"},
    Spelling<ReasonCode>{ReasonCode::descriptor_encrypted, "descriptor-encrypted"},
    Spelling<ReasonCode>{ReasonCode::descriptor_in_use, "descriptor-in-use"},
    Spelling<ReasonCode>{ReasonCode::descriptor_missing, "descriptor-missing"},
    Spelling<ReasonCode>{ReasonCode::descriptor_outside_scan, "descriptor-outside-scan"},
    Spelling<ReasonCode>{ReasonCode::descriptor_unreadable, "descriptor-unreadable"},
    Spelling<ReasonCode>{ReasonCode::disallowed, "disallowed"},
    Spelling<ReasonCode>{ReasonCode::disk_key_false, "disk-key-false"},
    Spelling<ReasonCode>{ReasonCode::disk_key_malformed, "disk-key-malformed"},
    Spelling<ReasonCode>{ReasonCode::disk_key_missing, "disk-key-missing"},
    Spelling<ReasonCode>{ReasonCode::hardware_too_old, "hardware-too-old"},
    Spelling<ReasonCode>{ReasonCode::header_flag_set, "header-flag-set"},
    Spelling<ReasonCode>{ReasonCode::hosted_format, "hosted-format"},
    Spelling<ReasonCode>{ReasonCode::independent, "independent"},
    Spelling<ReasonCode>{ReasonCode::layout_not_known, "layout-not-known"},
    Spelling<ReasonCode>{ReasonCode::multi_writer, "multi-writer"},
    Spelling<ReasonCode>{ReasonCode::named_though_off, "named-though-off"},
    Spelling<ReasonCode>{ReasonCode::not_begun, "not-begun"},
    Spelling<ReasonCode>{ReasonCode::not_proven_off, "not-proven-off"},
    Spelling<ReasonCode>{ReasonCode::physical_rdm, "physical-rdm"},
    Spelling<ReasonCode>{ReasonCode::shared_bus, "shared-bus"},
    Spelling<ReasonCode>{ReasonCode::vm_key_missing, "vm-key-missing"},
};
static_assert(formats::core::is_whole(reason_names, ReasonCode::vm_key_missing));

struct Reason {
  ReasonCode code{};
  std::string text;
};

CbtVerdict verdict_of(CbtState state, std::vector<Reason> reasons) {
  CbtVerdict verdict{.state = state};
  for (Reason& reason : reasons) {
    verdict.codes.push_back(reason.code);
    verdict.reasons.push_back(std::move(reason.text));
  }
  return verdict;
}

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

Reason why_unreadable(const model::Datastore& datastore, const model::ChainLink& link) {
  const std::string name = "the descriptor " + link.reference.written;
  if (!link.reference.file) return {ReasonCode::descriptor_outside_scan, name + " lies outside the scan"};
  const model::File& file = datastore.files[*link.reference.file];
  if (!file.exists) return {ReasonCode::descriptor_missing, name + " is missing"};
  if (!file.error) return {ReasonCode::descriptor_damaged, name + " is damaged: holds no descriptor"};
  switch (file.error->kind) {
    case ErrorKind::denied:
      return {ReasonCode::descriptor_unreadable, name + " cannot be read: denied"};
    case ErrorKind::in_use:
      return {ReasonCode::descriptor_in_use, name + " is in use elsewhere"};
    case ErrorKind::outside:
      return {ReasonCode::descriptor_outside_scan, name + " lies outside the scan"};
    case ErrorKind::malformed:
    case ErrorKind::truncated:
      return {ReasonCode::descriptor_damaged, name + " is damaged: " + file.error->message};
    case ErrorKind::encrypted:
      return {ReasonCode::descriptor_encrypted, name + " is encrypted"};
    case ErrorKind::missing:
    case ErrorKind::unavailable:
    case ErrorKind::changed:
    case ErrorKind::unsupported:
    case ErrorKind::usage:
    case ErrorKind::cancelled:
      break;
  }
  return {ReasonCode::descriptor_unreadable, name + " cannot be read: " + file.error->message};
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

std::optional<Reason> unreadable(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                 const model::Disk& disk) {
  if (machine.unreadable)
    return Reason{ReasonCode::configuration_unreadable,
                  "the configuration cannot be read: " + machine.unreadable->message};
  if (auto twice = contradiction(machine.settings, disk.settings.slot))
    return Reason{ReasonCode::contradicting_keys, std::move(*twice)};
  const model::Descriptor* active = descriptor_of(datastore, disk.chain.front());
  if (active == nullptr) return why_unreadable(datastore, disk.chain.front());
  if (active->content.encrypted)
    return Reason{ReasonCode::descriptor_encrypted,
                  "the descriptor " + disk.chain.front().reference.written + " is encrypted"};
  const auto defects = active->content.check();
  if (!defects.empty())
    return Reason{ReasonCode::descriptor_damaged, "the descriptor is damaged: " + defects.front().message};
  return std::nullopt;
}

bool has_unknown_layout(const model::Datastore& datastore, const model::Disk& disk) {
  return std::any_of(disk.chain.begin(), disk.chain.end(), [&](const model::ChainLink& link) {
    const model::Descriptor* descriptor = descriptor_of(datastore, link);
    return descriptor != nullptr && descriptor->content.lies_in_objects();
  });
}

// The createType of the first link that no ESXi writes to.
std::optional<std::string> hosted_format(const model::Datastore& datastore, const model::Disk& disk) {
  for (const model::ChainLink& link : disk.chain) {
    const model::Descriptor* descriptor = descriptor_of(datastore, link);
    if (descriptor != nullptr && descriptor->content.is_hosted_format()) return descriptor->content.create_type;
  }
  return std::nullopt;
}

bool has_raw_device_map(const model::Datastore& datastore, const model::Disk& disk, bool physical) {
  return std::any_of(disk.chain.begin(), disk.chain.end(), [&](const model::ChainLink& link) {
    const model::Descriptor* descriptor = descriptor_of(datastore, link);
    return descriptor != nullptr && is_raw_device_map(*descriptor, physical);
  });
}

using model::DatastoreType;

std::vector<Reason> unsupported(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                const model::Disk& disk) {
  std::vector<Reason> reasons;
  const auto add = [&](ReasonCode code, std::string text) { reasons.push_back({code, std::move(text)}); };
  const auto hardware = machine.settings.hardware_version;
  if (hardware && *hardware < least_hardware_version)
    add(ReasonCode::hardware_too_old, "virtual hardware " + std::to_string(*hardware) + " is older than 7");
  if (disk.settings.is_independent()) add(ReasonCode::independent, "the disk's mode is " + disk.settings.mode);
  if (has_raw_device_map(datastore, disk, true) ||
      equal_ignoring_case(disk.settings.device_type, "scsi-passThru-rdm")) {
    add(ReasonCode::physical_rdm, "the disk is a physical RDM");
  }
  if (disk.settings.shared_bus != "none")
    add(ReasonCode::shared_bus, "the SCSI bus is shared: " + disk.settings.shared_bus);
  if (disk.settings.sharing == "multi-writer") add(ReasonCode::multi_writer, "the disk is shared: multi-writer");
  if (const auto hosted = hosted_format(datastore, disk))
    add(ReasonCode::hosted_format, "the disk's format is that of a hosted product: " + *hosted);
  if (has_unknown_layout(datastore, disk) || datastore_type(datastore, disk) == DatastoreType::vvol)
    add(ReasonCode::layout_not_known, std::string(unknown_layout));
  return reasons;
}

CbtVerdict tracked_or_broken(const TrackingVerdict& tracking, const model::VirtualMachine& machine) {
  std::vector<Reason> reasons;
  if (tracking.code) reasons.push_back({*tracking.code, tracking.reason});
  if (tracking.fits == false) return verdict_of(CbtState::broken, std::move(reasons));
  auto completeness = model::completeness_of(&machine.power, tracking.reading ? tracking.reading->flags : 0);
  const ReasonCode code = completeness.may_run ? ReasonCode::not_proven_off : ReasonCode::header_flag_set;
  if (completeness.complete != true) reasons.push_back({code, std::move(completeness.reason)});
  return verdict_of(CbtState::tracked, std::move(reasons));
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
      return verdict_of(CbtState::leftover, {{ReasonCode::named_though_off, leftover_reason(datastore, link)}});
    }
  }
  if (is_true(machine.settings.ctk_disallowed))
    return verdict_of(CbtState::off, {{ReasonCode::disallowed, "disallowed"}});
  if (is_true(vm_key) && is_true(disk_key)) {
    return verdict_of(CbtState::pending, {{ReasonCode::not_begun, "tracking starts at the next power-on or stun"}});
  }
  if (is_true(vm_key) && is_false(disk_key))
    return verdict_of(CbtState::off, {{ReasonCode::disk_key_false, "excluded by its own key"}});
  if (is_true(vm_key)) {
    const std::string key = disk.settings.slot + ".ctkEnabled";
    if (disk_key)
      return verdict_of(CbtState::partial, {{ReasonCode::disk_key_malformed,
                                             "the VM's key is TRUE, " + key + " is neither TRUE nor FALSE"}});
    return verdict_of(CbtState::partial,
                      {{ReasonCode::disk_key_missing, "the VM's key is TRUE, the disk has no key " + key}});
  }
  if (is_true(disk_key))
    return verdict_of(CbtState::partial,
                      {{ReasonCode::vm_key_missing, "the disk's key is TRUE, the VM's key ctkEnabled is not"}});
  return verdict_of(CbtState::off, {});
}

}  // namespace

std::string_view name_of(ReasonCode code) { return formats::core::text_in(reason_names, code); }

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
    verdict = verdict_of(CbtState::unreadable, {std::move(*reason)});
  } else if (auto reasons = unsupported(datastore, machine, disk); !reasons.empty()) {
    verdict = verdict_of(CbtState::unsupported, std::move(reasons));
  } else if (!disk.chain.front().own) {
    const model::File& file = datastore.files[*disk.chain.front().reference.file];
    verdict = verdict_of(CbtState::off, {{ReasonCode::another_machines_disk, "another machine's disk: " + file.path}});
  } else if (is_on(machine, disk) && tracking) {
    verdict = tracked_or_broken(*tracking, machine);
  } else {
    verdict = untracked(datastore, machine, disk);
  }
  verdict.is_verified = tracking && tracking->fits == true;
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
