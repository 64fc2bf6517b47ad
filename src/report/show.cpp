#include "report/show.h"

#include "formats/core/hex.h"
#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

Json flag_json(const std::optional<formats::vmx::Flag>& flag) { return flag ? or_null(flag->value) : Json(nullptr); }

Json configuration_json(const formats::vmx::Configuration& settings) {
  Json object;
  put_text(object, "display_name", settings.display_name);
  object["encoding"] = lossy_utf8(settings.encoding);
  object["hardware_version"] = or_null(settings.hardware_version);
  object["encrypted"] = settings.encrypted;
  object["ctk_enabled"] = flag_json(settings.ctk_enabled);
  object["ctk_disallowed"] = flag_json(settings.ctk_disallowed);
  put_text(object, "working_dir", settings.working_dir);
  object["disks"] = Json::array();
  for (const formats::vmx::Disk& disk : settings.disks) {
    Json entry;
    entry["slot"] = disk.slot;
    put_text(entry, "file_name", disk.file_name);
    entry["device_type"] = lossy_utf8(disk.device_type);
    entry["mode"] = lossy_utf8(disk.mode);
    entry["shared_bus"] = lossy_utf8(disk.shared_bus);
    entry["sharing"] = lossy_utf8(disk.sharing);
    entry["ctk_enabled"] = flag_json(disk.ctk_enabled);
    object["disks"].push_back(std::move(entry));
  }
  object["misspelt_keys"] = Json::array();
  for (const formats::vmx::MisspeltKey& key : settings.misspelt_keys) {
    object["misspelt_keys"].push_back({{"key", lossy_utf8(key.key)}, {"meant", key.meant}, {"line", key.line_number}});
  }
  object["duplicate_keys"] = Json::array();
  for (const formats::vmx::DuplicateKey& key : settings.duplicates) {
    object["duplicate_keys"].push_back(
        {{"key", lossy_utf8(key.key)}, {"values", texts(key.values)}, {"lines", key.line_numbers}});
  }
  return object;
}

Json snapshots_json(const formats::vmsd::SnapshotList& list) {
  Json array = Json::array();
  for (const formats::vmsd::Snapshot& snapshot : list.snapshots) {
    Json object;
    object["uid"] = lossy_utf8(snapshot.uid);
    object["parent_uid"] = snapshot.parent_uid.empty() ? Json(nullptr) : Json(lossy_utf8(snapshot.parent_uid));
    put_text(object, "display_name", snapshot.display_name);
    object["created"] = snapshot.created_us ? Json(rfc3339(*snapshot.created_us / 1'000'000)) : Json(nullptr);
    object["disks"] = Json::array();
    for (const formats::vmsd::FrozenDisk& disk : snapshot.disks) {
      Json entry{{"slot", lossy_utf8(disk.slot)}};
      put_text(entry, "file_name", disk.file_name);
      object["disks"].push_back(std::move(entry));
    }
    array.push_back(std::move(object));
  }
  return {{"current_uid", lossy_utf8(list.current_uid)},
          {"need_consolidate", list.need_consolidate},
          {"snapshots", std::move(array)}};
}

Json cid_json(const std::optional<std::uint32_t>& cid) {
  return cid ? Json(formats::core::hex32(*cid)) : Json(nullptr);
}

Json descriptor_json(const formats::vmdk::Descriptor& descriptor) {
  Json object;
  object["version"] = or_null(descriptor.version);
  object["encoding"] = lossy_utf8(descriptor.encoding);
  object["cid"] = cid_json(descriptor.cid);
  object["parent_cid"] = cid_json(descriptor.parent_cid);
  object["create_type"] = lossy_utf8(descriptor.create_type);
  put_text(object, "parent_hint", descriptor.parent_hint);
  object["change_track_path"] = nullptr;
  if (descriptor.change_track_path) put_text(object, "change_track_path", *descriptor.change_track_path);
  object["capacity_bytes"] = or_null(descriptor.capacity_bytes());
  object["thin_provisioned"] = descriptor.thin_provisioned;
  object["adapter_type"] = lossy_utf8(descriptor.adapter_type);
  object["extents"] = Json::array();
  for (const formats::vmdk::ExtentLine& extent : descriptor.extents) {
    Json entry{{"access", lossy_utf8(extent.access)}, {"sectors", extent.sectors}, {"type", lossy_utf8(extent.type)}};
    put_text(entry, "file_name", extent.file_name);
    entry["offset_sectors"] = extent.offset_sectors;
    object["extents"].push_back(std::move(entry));
  }
  return object;
}

Json sparse_json(const formats::vmdk::SparseExtent& sparse) {
  return {{"capacity_bytes", sparse.capacity_bytes()},
          {"grain_bytes", sparse.grain_bytes()},
          {"stream_optimized", sparse.is_stream_optimized()},
          {"unclean", sparse.is_unclean()}};
}

Json tracking_json(const formats::ctk::Reading& reading) {
  return {{"layout", std::string(name_of(reading.layout))},
          {"version", reading.version},
          {"capacity_sectors", or_null(reading.capacity_sectors)},
          {"block_sectors", or_null(reading.block_sectors)},
          {"blocks", or_null(reading.blocks)},
          {"epoch", or_null(reading.epoch)},
          {"change_id", or_null(reading.change_id())}};
}

Json defects_json(const formats::core::Defects& defects) {
  Json array = Json::array();
  for (const formats::core::Defect& defect : defects) {
    array.push_back({{"field", defect.field},
                     {"offset_bytes", defect.offset_bytes},
                     {"expected", lossy_utf8(defect.expected)},
                     {"found", lossy_utf8(defect.found)},
                     {"message", lossy_utf8(defect.message)}});
  }
  return array;
}

Json file_json(const model::InspectedFile& file) {
  Json object;
  put_text(object, "path", file.path);
  object["size_bytes"] = file.size_bytes;
  object["kind"] = std::string(formats::name_of(file.kind));
  object["error"] = file.error ? Json(lossy_utf8(file.error->message)) : Json(nullptr);
  if (file.configuration) object["configuration"] = configuration_json(*file.configuration);
  if (file.snapshots) object["snapshot_list"] = snapshots_json(*file.snapshots);
  if (file.descriptor) object["descriptor"] = descriptor_json(*file.descriptor);
  if (file.sparse) object["sparse"] = sparse_json(*file.sparse);
  if (file.tracking) object["tracking"] = tracking_json(*file.tracking);
  if (file.signature) object["first_sector"] = std::string(name_of(*file.signature));
  object["defects"] = defects_json(file.defects);
  return object;
}

// A JSON value as indented "name: value" lines: one rendering for every kind of file.
void append_lines(std::string& out, const Json& value, std::size_t depth) {
  for (const auto& [name, part] : value.items()) {
    const std::string indent(2 * depth, ' ');
    if (part.is_structured()) {
      if (part.empty()) continue;
      out += indent + (value.is_array() ? "-" : name + ":") + "\n";
      append_lines(out, part, depth + 1);
    } else if (!part.is_null() && !(part.is_string() && part.get_ref<const std::string&>().empty())) {
      const std::string text = part.is_string() ? escaped(part.get<std::string>()) : part.dump();
      out += indent + (value.is_array() ? "- " : name + ": ") + text + "\n";
    }
  }
}

}  // namespace

std::string show_json(const std::vector<model::InspectedFile>& files, int exit_status) {
  Json document = envelope("cbtctl.show/1", exit_status, {});
  document["files"] = Json::array();
  for (const model::InspectedFile& file : files) document["files"].push_back(file_json(file));
  return printed(document);
}

std::string show_text(const std::vector<model::InspectedFile>& files, const Style& style) {
  std::string out;
  for (const model::InspectedFile& file : files) {
    if (!out.empty()) out += "\n";
    Json body = file_json(file);
    body.erase("path");
    out += tinted(escaped(file.path), Tint::none, style) + "\n";
    append_lines(out, body, 1);
  }
  return out;
}

}  // namespace cbtctl::report
