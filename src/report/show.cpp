#include "report/show.h"

#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

Json configuration_json(const formats::vmx::Configuration& settings) {
  Json object;
  put_text(object, "display_name", settings.display_name);
  object["encoding"] = settings.states_encoding ? Json(settings.encoding) : Json(nullptr);
  object["hardware_version"] = or_null(settings.hardware_version);
  object["encrypted"] = settings.encrypted;
  object["ctk_enabled"] = flag_json(settings.ctk_enabled, settings);
  object["ctk_disallowed"] = flag_json(settings.ctk_disallowed, settings);
  put_text(object, "working_dir", settings.working_dir);
  object["disks"] = Json::array();
  for (const formats::vmx::Disk& disk : settings.disks) {
    Json entry;
    entry["slot"] = disk.slot;
    put_text(entry, "file_name", disk.file_name);
    entry["device_type"] = disk.device_type;
    entry["mode"] = disk.mode;
    entry["shared_bus"] = disk.shared_bus;
    entry["sharing"] = disk.sharing;
    entry["ctk_enabled"] = flag_json(disk.ctk_enabled, settings);
    object["disks"].push_back(std::move(entry));
  }
  object["misspelt_keys"] = Json::array();
  for (const formats::vmx::MisspeltKey& key : settings.misspelt_keys) {
    object["misspelt_keys"].push_back({{"key", key.key}, {"meant", key.meant}, {"line", key.line_number}});
  }
  object["duplicate_keys"] = Json::array();
  for (const formats::vmx::DuplicateKey& key : settings.duplicates) {
    object["duplicate_keys"].push_back({{"key", key.key}, {"values", key.values}, {"lines", key.line_numbers}});
  }
  return object;
}

Json snapshots_json(const formats::vmsd::SnapshotList& list) {
  Json array = Json::array();
  for (const formats::vmsd::Snapshot& snapshot : list.snapshots) {
    Json object;
    object["uid"] = snapshot.uid;
    object["parent_uid"] = text_or_null(snapshot.parent_uid);
    put_text(object, "display_name", snapshot.display_name);
    put_text(object, "description", snapshot.description);
    put_text(object, "state_file_name", snapshot.state_file_name);
    object["created"] = snapshot.created_us ? Json(rfc3339(*snapshot.created_us / 1'000'000)) : Json(nullptr);
    object["disks"] = Json::array();
    for (const formats::vmsd::FrozenDisk& disk : snapshot.disks) {
      Json entry{{"slot", disk.slot}};
      put_text(entry, "file_name", disk.file_name);
      object["disks"].push_back(std::move(entry));
    }
    array.push_back(std::move(object));
  }
  return {
      {"current_uid", list.current_uid}, {"need_consolidate", list.need_consolidate}, {"snapshots", std::move(array)}};
}

Json descriptor_json(const formats::vmdk::Descriptor& descriptor) {
  Json object;
  object["version"] = or_null(descriptor.version);
  object["encoding"] = descriptor.states_encoding ? Json(descriptor.encoding) : Json(nullptr);
  object["cid"] = cid_json(descriptor.cid);
  object["parent_cid"] = cid_json(descriptor.parent_cid);
  object["create_type"] = descriptor.create_type;
  put_text(object, "parent_hint", descriptor.parent_hint);
  object["change_track_path"] = nullptr;
  if (descriptor.change_track_path) put_text(object, "change_track_path", *descriptor.change_track_path);
  object["capacity_bytes"] = or_null(descriptor.capacity_bytes());
  object["is_native_snapshot"] = descriptor.native_snapshot;
  object["thin_provisioned"] = descriptor.thin_provisioned;
  object["adapter_type"] = descriptor.adapter_type;
  object["ddb"] = Json::array();
  for (const auto& [key, value] : descriptor.ddb) {
    Json entry;
    put_text(entry, "key", key);
    put_text(entry, "value", value);
    object["ddb"].push_back(std::move(entry));
  }
  object["extents"] = Json::array();
  for (const formats::vmdk::ExtentLine& extent : descriptor.extents) {
    Json entry{{"access", extent.access}, {"size_bytes", sectors_json(extent.sectors)}, {"type", extent.type}};
    put_text(entry, "file_name", extent.file_name);
    entry["offset_bytes"] = sectors_json(extent.offset_sectors);
    object["extents"].push_back(std::move(entry));
  }
  return object;
}

Json header_json(const formats::vmdk::CowdHeader& header) {
  return {{"version", std::uint32_t{header.version}},
          {"flags", std::uint32_t{header.flags}},
          {"grain_directory_offset_bytes", sectors_json(header.grain_directory_sector)},
          {"grain_directory_entries", std::uint32_t{header.grain_directory_entries}},
          {"next_free_offset_bytes", sectors_json(header.next_free_sector)}};
}

Json header_json(const formats::vmdk::SeSparseHeader& header) {
  return {{"version", std::uint64_t{header.version}},
          {"flags", std::uint64_t{header.flags}},
          {"grain_table_size_bytes", sectors_json(header.grain_table_sectors)},
          {"journal_offset_bytes", sectors_json(header.journal_sector)},
          {"grain_directory_offset_bytes", sectors_json(header.grain_directory_sector)},
          {"grain_tables_offset_bytes", sectors_json(header.grain_tables_sector)},
          {"free_bitmap_offset_bytes", sectors_json(header.free_bitmap_sector)},
          {"back_map_offset_bytes", sectors_json(header.back_map_sector)},
          {"grains_offset_bytes", sectors_json(header.grains_sector)}};
}

Json header_json(const formats::vmdk::HostedSparseHeader& header) {
  return {{"version", std::uint32_t{header.version}},
          {"flags", std::uint32_t{header.flags}},
          {"descriptor_offset_bytes", sectors_json(header.descriptor_sector)},
          {"grain_table_entries", std::uint32_t{header.grain_table_entries}},
          {"redundant_grain_directory_offset_bytes", sectors_json(header.redundant_grain_directory_sector)},
          {"grain_directory_offset_bytes", sectors_json(header.grain_directory_sector)},
          {"overhead_bytes", sectors_json(header.overhead_sectors)},
          {"compression", std::uint16_t{header.compression}}};
}

Json sparse_json(const formats::vmdk::SparseExtent& sparse) {
  const auto& [capacity, grain] = std::visit(
      [](const auto& header) {
        return std::pair(sectors_json(header.capacity_sectors), sectors_json(header.grain_sectors));
      },
      sparse.header);
  return {{"capacity_bytes", capacity},
          {"grain_bytes", grain},
          {"stream_optimized", sparse.is_stream_optimized()},
          {"unclean", sparse.is_unclean()},
          {"header", std::visit([](const auto& header) { return header_json(header); }, sparse.header)}};
}

Json tracking_json(const formats::ctk::Reading& reading) {
  return {{"layout", name_of(reading.layout)},
          {"version", reading.version},
          {"capacity_bytes", sectors_json(reading.capacity_sectors)},
          {"block_size_bytes", sectors_json(reading.block_sectors)},
          {"blocks", or_null(reading.blocks)},
          {"understood", reading.is_understood()},
          {"epoch", or_null(reading.epoch)},
          {"change_id", or_null(reading.change_id())},
          {"notes", reading.notes}};
}

Json defects_json(const formats::core::Defects& defects) {
  Json array = Json::array();
  for (const formats::core::Defect& defect : defects) {
    array.push_back({{"field", defect.field},
                     {"offset_bytes", defect.offset_bytes},
                     {"expected", defect.expected},
                     {"found", defect.found},
                     {"message", defect.message}});
  }
  return array;
}

Json inspected_json(const model::InspectedFile& file) {
  Json object;
  put_text(object, "path", file.path);
  object["size_bytes"] = or_null(file.size_bytes);
  object["kind"] = file.kind ? Json(formats::name_of(*file.kind)) : Json(nullptr);
  object["error"] = message_or_null(file.error);
  if (file.configuration) object["configuration"] = configuration_json(*file.configuration);
  if (file.snapshots) object["snapshot_list"] = snapshots_json(*file.snapshots);
  if (file.descriptor) object["descriptor"] = descriptor_json(*file.descriptor);
  if (file.sparse) object["sparse"] = sparse_json(*file.sparse);
  if (file.tracking) object["tracking"] = tracking_json(*file.tracking);
  if (file.signature) {
    object["allocated_bytes"] = or_null(file.allocated_bytes);
    object["first_sector"] = name_of(*file.signature);
  }
  object["defects"] = defects_json(file.defects);
  return object;
}

// What stands behind a member's name; nothing where it is empty or unknown.
std::optional<std::string> line_of(const Json& value) {
  if (const std::string* text = value.text()) return text->empty() ? std::nullopt : std::optional(escaped(*text));
  if (value.is_null()) return std::nullopt;
  std::string out;
  value.append_to(out);
  return out;
}

void append_lines(std::string& out, const Json& value, std::size_t depth);

// `begin`: "name:", or "-" of an element.
void append_part(std::string& out, const std::string& begin, const Json& part, std::size_t depth) {
  const std::string indent(2 * depth, ' ');
  const bool is_empty = (part.elements() != nullptr && part.elements()->empty()) ||
                        (part.members() != nullptr && part.members()->empty());
  if (is_empty) return;
  if (part.elements() != nullptr || part.members() != nullptr) {
    out += indent + begin + "\n";
    append_lines(out, part, depth + 1);
  } else if (const auto line = line_of(part)) {
    out += indent + begin + " " + *line + "\n";
  }
}

// A JSON value as indented "name: value" lines: one rendering for every kind of file.
void append_lines(std::string& out, const Json& value, std::size_t depth) {
  if (const Json::Array* elements = value.elements()) {
    for (const Json& element : *elements) append_part(out, "-", element, depth);
  }
  if (const Json::Object* members = value.members()) {
    for (const Json::Member& member : *members) append_part(out, member.name + ":", member.value, depth);
  }
}

}  // namespace

std::string show_json(const std::vector<model::InspectedFile>& files, int exit_status, const ProvenanceOf& provenance) {
  Json document = envelope("cbtctl.show/1", exit_status, {});
  document["files"] = Json::array();
  for (const model::InspectedFile& file : files) document["files"].push_back(inspected_json(file));
  return printed_document(std::move(document), provenance);
}

std::string show_text(const std::vector<model::InspectedFile>& files, const Style& style) {
  std::string out;
  for (const model::InspectedFile& file : files) {
    if (!out.empty()) out += "\n";
    Json body = inspected_json(file);
    body.erase("path");
    out += tinted(escaped(file.path), Tint::none, style) + "\n";
    append_lines(out, body, 1);
  }
  return out;
}

}  // namespace cbtctl::report
