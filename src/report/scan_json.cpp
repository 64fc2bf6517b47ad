#include <array>

#include "analysis/cbt_state.h"
#include "report/inventory.h"
#include "report/json.h"
#include "report/json_stream.h"
#include "report/scan.h"
#include "report/trouble.h"

namespace cbtctl::report {
namespace {

// A file that a name leads to, with its target where it is not `home`; the name itself where it leads out of the scan.
void put_reference(Json& object, const std::string& key, const model::Datastore& datastore,
                   const model::Reference& reference, model::Index home) {
  put_path(object, key, reference.file ? datastore.files[*reference.file].path : reference.written);
  if (reference.by_tail) object["resolved_by"] = "tail";
  if (!reference.file) object["outside"] = true;
  const model::Index target = reference.file ? datastore.files[*reference.file].target : home;
  if (target != home && target < datastore.targets.size()) object["target"] = target;  // else a path of --map
}

Json tracking_json(const model::Datastore& datastore, const model::Descriptor& descriptor, model::Index home) {
  if (!descriptor.tracking) return nullptr;
  const analysis::TrackingVerdict verdict = analysis::judge_tracking(datastore, descriptor);
  Json ctk;
  put_reference(ctk, "path", datastore, *descriptor.tracking, home);
  const model::File* file = descriptor.tracking->file ? &datastore.files[*descriptor.tracking->file] : nullptr;
  ctk["exists"] = file != nullptr ? Json(file->exists) : Json(nullptr);
  ctk["valid"] = or_null(verdict.fits);
  ctk["size_bytes"] = file != nullptr ? or_null(file->size_bytes) : Json(nullptr);
  const formats::ctk::Reading reading = verdict.reading.value_or(formats::ctk::Reading{});
  const bool is_read = verdict.reading || verdict.fits;
  ctk["layout"] = is_read && file->exists ? Json(formats::ctk::name_of(reading.layout)) : Json(nullptr);
  ctk["understood"] = verdict.reading ? Json(reading.is_understood()) : Json(nullptr);
  ctk["block_size_bytes"] = sectors_json(reading.block_sectors);
  ctk["blocks"] = or_null(reading.blocks);
  ctk["epoch"] = or_null(reading.epoch);
  ctk["uuid"] = or_null(reading.uuid_text());
  if (!verdict.reason.empty()) ctk["reason"] = verdict.reason;
  return ctk;
}

Json extent_json(const model::Datastore& datastore, const model::Extent& extent, model::Index home) {
  Json object;
  if (extent.reference) {
    put_reference(object, "path", datastore, *extent.reference, home);
  } else {
    object["path"] = text_or_null(extent.line.file_name);
  }
  object["kind"] = std::string(formats::vmdk::name_of(extent.line.kind));
  const bool known = extent.reference && extent.reference->file;
  object["size_bytes"] = known ? or_null(datastore.files[*extent.reference->file].size_bytes) : Json(nullptr);
  return object;
}

std::string why_unreadable(const model::Datastore& datastore, const model::Reference& reference) {
  if (!reference.file) return "outside the scan";
  const model::File& file = datastore.files[*reference.file];
  if (!file.exists) return "missing";
  return file.error ? file.error->message : "holds no descriptor";
}

// Of a link that cannot be read all is unknown but its name.
Json link_json(const model::Datastore& datastore, const model::ChainLink& link, model::Index home) {
  const model::Descriptor unknown;
  const model::Descriptor& descriptor = link.descriptor ? datastore.descriptors[*link.descriptor] : unknown;
  Json object;
  put_reference(object, "descriptor", datastore, link.reference, home);
  object["version"] = or_null(descriptor.content.version);
  object["create_type"] = text_or_null(descriptor.content.create_type);
  object["cid"] = cid_json(descriptor.content.cid);
  object["parent_cid"] = cid_json(descriptor.content.parent_cid);
  object["own"] = link.own;
  object["extents"] = Json::array();
  for (const model::Extent& extent : descriptor.extents)
    object["extents"].push_back(extent_json(datastore, extent, home));
  object["ctk"] = tracking_json(datastore, descriptor, home);
  if (!link.descriptor) object["unreadable"] = why_unreadable(datastore, link.reference);
  return object;
}

Json codes_json(const analysis::CbtVerdict& verdict) {
  Json codes = Json::array();
  for (const analysis::ReasonCode code : verdict.codes) codes.push_back(name_of(code));
  return codes;
}

Json disk_json(const model::Datastore& datastore, const model::VirtualMachine& machine, const model::Disk& disk,
               const analysis::CbtVerdict& verdict) {
  Json object;
  object["slot"] = disk.settings.slot;
  put_text(object, "file_name", disk.settings.file_name);
  object["mode"] = disk.settings.mode;
  object["ctk_enabled"] = flag_json(disk.settings.ctk_enabled, machine.settings);
  const auto& active = disk.chain.front().descriptor;
  object["capacity_bytes"] = active ? or_null(datastore.descriptors[*active].content.capacity_bytes()) : Json(nullptr);
  const analysis::StarQuery star = analysis::judge_star_query(datastore, disk);
  object["cbt"] = {{"state", name_of(verdict.state)},
                   {"reasons", verdict.reasons},
                   {"reason_codes", codes_json(verdict)},
                   {"verified", verdict.is_verified},
                   {"change_id", or_null(verdict.change_id)},
                   {"star_query", {{"usable", or_null(star.usable)}, {"reasons", star.reasons}}}};
  object["chain"] = Json::array();
  const model::Index home = datastore.files[machine.file].target;
  for (const model::ChainLink& link : disk.chain) object["chain"].push_back(link_json(datastore, link, home));
  if (disk.loops) object["loops"] = true;
  return object;
}

using StateCounts = std::array<std::size_t, 8>;  // of disks, by state

Json machine_json(const model::Datastore& datastore, const model::VirtualMachine& machine, StateCounts& counts) {
  const model::File& file = datastore.files[machine.file];
  Json object;
  object["target"] = file.target;
  object["seen_by"] = machine.seen_by;
  object["name"] = nullptr;
  if (!machine.settings.display_name.empty()) put_text(object, "name", machine.settings.display_name);
  put_path(object, "config_path", file.path);
  object["vc_uuid"] = text_or_null(machine.settings.vc_uuid);
  object["uuid_bios"] = text_or_null(machine.settings.uuid_bios);
  object["hardware_version"] = or_null(machine.settings.hardware_version);
  object["power"] = {{"state", name_of(machine.power.state)}, {"evidence", words_of(machine.power)}};
  object["template"] = machine.is_template;
  object["ctk_enabled"] = flag_json(machine.settings.ctk_enabled, machine.settings);
  const auto* snapshots = machine.snapshot_file ? &datastore.snapshot_files[*machine.snapshot_file] : nullptr;
  object["snapshots"] = snapshots == nullptr ? Json(0)
                        : snapshots->content ? Json(snapshots->content->snapshots.size())
                                             : Json(nullptr);
  if (machine.unreadable) object["unreadable"] = machine.unreadable->message;
  object["disks"] = Json::array();
  for (const model::Disk& disk : machine.disks) {
    const analysis::CbtVerdict verdict = analysis::judge(datastore, machine, disk);
    ++counts[static_cast<std::size_t>(verdict.state)];
    object["disks"].push_back(disk_json(datastore, machine, disk, verdict));
  }
  return object;
}

Json tracking_file_json(const model::Datastore& datastore, const model::TrackingFile& tracking) {
  const model::File& file = datastore.files[tracking.file];
  Json object;
  object["target"] = target_json(file.target, datastore.targets);
  put_path(object, "path", file.path);
  object["class"] = name_of(analysis::classify(datastore, tracking));
  object["size_bytes"] = or_null(file.size_bytes);
  object["named_by"] = Json::array();
  for (const model::Index descriptor : tracking.named_by) {
    object["named_by"].push_back(datastore.files[datastore.descriptors[descriptor].file].path);
  }
  return object;
}

Json quarantine_json(const model::Quarantine& quarantine) {
  Json object{{"target", quarantine.target}};
  put_text(object, "path", quarantine.path);
  object["runs"] = quarantine.runs;
  return object;
}

Json unreadable_folder_json(const model::File& folder) {
  Json object{{"target", folder.target}};
  put_text(object, "path", folder.path.empty() ? "." : folder.path);
  object["reason"] = folder.error->message;
  return object;
}

Json summary_json(const model::Datastore& datastore, const StateCounts& counts) {
  Json states;
  std::size_t disks = 0;
  for (std::size_t state = 0; state < counts.size(); ++state) {
    states[std::string(name_of(static_cast<analysis::CbtState>(state)))] = counts[state];
    disks += counts[state];
  }
  return {{"virtual_machines", datastore.virtual_machines.size()}, {"disks", disks}, {"states", states}};
}

// `to_json` of each member; null leaves it out.
template <typename Members, typename ToJson>
void print_array(JsonStream& json, std::string_view name, const Members& members, const ToJson& to_json) {
  json.begin_array(name);
  for (const auto& member : members) {
    if (const Json object = to_json(member); !object.is_null()) json.element(object);
  }
  json.end_array();
}

}  // namespace

bool print_scan_json(const model::Datastore& datastore, const std::vector<app::Unmatched>& unmatched, int exit_status,
                     const TextSink& sink, const ProvenanceOf& provenance) {
  Printer out(sink);
  JsonStream json(out);
  Json head = envelope("cbtctl.scan/1", exit_status, datastore.targets);
  add_inventories(head, datastore);
  StateCounts counts{};
  json.begin_object();
  json.members(head);
  print_array(json, "virtual_machines", datastore.virtual_machines,
              [&](const model::VirtualMachine& machine) { return machine_json(datastore, machine, counts); });
  print_array(json, "ctk_files", datastore.tracking_files, [&](const model::TrackingFile& tracking) {
    return datastore.files[tracking.file].exists ? tracking_file_json(datastore, tracking) : Json();
  });
  print_array(json, "quarantine", datastore.quarantine, quarantine_json);
  print_array(json, "unreadable_folders", datastore.unreadable_folders, unreadable_folder_json);
  json.member("not_entered", not_entered_json(datastore.targets));
  json.member("summary", summary_json(datastore, counts));
  json.member("unmatched", unmatched_json(unmatched));
  if (provenance) json.member("provenance", provenance_json(provenance()));
  json.member("messages", messages_json());
  json.end_object();
  return out.flush();
}

}  // namespace cbtctl::report
