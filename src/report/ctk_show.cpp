#include <algorithm>
#include <array>
#include <cstdio>
#include <span>

#include "formats/core/checked.h"
#include "formats/core/hex.h"
#include "report/reading_json.h"
#include "report/show.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using formats::core::sector_bytes;

constexpr std::size_t uuid_begin = 44;
constexpr std::size_t uuid_end = 60;

Json totals_json(const model::InspectedFile& file) {
  Json object;
  object["written_blocks"] = file.totals ? Json(file.totals->written_blocks) : Json(nullptr);
  object["never_written_blocks"] = file.totals ? Json(file.totals->never_written_blocks) : Json(nullptr);
  object["epochs"] = file.totals ? epochs_json(file.totals->epochs) : Json::array();
  return object;
}

Json header_json(const formats::ctk::Reading& reading) {
  Json header = Json::array();
  for (const formats::ctk::Field& field : reading.fields) {
    header.push_back({{"offset", field.offset_bytes},
                      {"size", field.size_bytes},
                      {"name", field.name},
                      {"value", field.value},
                      {"confidence", name_of(field.confidence)}});
  }
  return header;
}

// A file without the signature is shown raw: one field, of unknown meaning.
Json raw_header_json(const model::InspectedFile& file) {
  Json header = Json::array();
  if (file.head.empty()) return header;
  header.push_back({{"offset", 0},
                    {"size", file.head.size()},
                    {"name", "raw bytes"},
                    {"value", formats::core::hex_bytes(file.head)},
                    {"confidence", "unknown"}});
  return header;
}

std::vector<std::string> notes_of(const model::InspectedFile& file) {
  std::vector<std::string> notes = file.tracking ? file.tracking->notes : std::vector<std::string>{};
  if (file.error) notes.push_back(file.error->message);
  if (!file.tracking && !file.error) {
    notes.push_back("no CTK signature: the file is " + std::string(formats::name_of(*file.kind)) +
                    " by content and is not interpreted");
  }
  if (file.totals && file.totals->epochs_cut) notes.emplace_back("more than a million different epochs: not listed");
  return notes;
}

Json tracking_file_json(const model::InspectedFile& file) {
  const formats::ctk::Reading reading = file.tracking.value_or(formats::ctk::Reading{});
  Json object;
  put_text(object, "path", file.path);
  object["size_bytes"] = or_null(file.size_bytes);
  object["layout"] = file.size_bytes ? Json(name_of(reading.layout)) : Json(nullptr);
  object["understood"] = file.tracking ? Json(reading.is_understood()) : Json(nullptr);
  object["version"] = file.tracking ? Json(reading.version) : Json(nullptr);
  object["header"] = file.tracking ? header_json(reading) : raw_header_json(file);
  object["capacity_bytes"] = sectors_json(reading.capacity_sectors);
  object["block_size_bytes"] = sectors_json(reading.block_sectors);
  object["blocks"] = or_null(reading.blocks);
  object["epoch"] = or_null(reading.epoch);
  object["epoch_at_least"] = or_null(reading.epoch_at_least);
  object["uuid"] = or_null(reading.uuid_text());
  object["change_id"] = or_null(reading.change_id());
  object.add_members(totals_json(file));
  object["notes"] = notes_of(file);
  return object;
}

std::string line(const std::string& name, const std::string& value) {
  std::string out = "  " + name;
  out.resize(std::max<std::size_t>(out.size(), 18), ' ');
  return out + value + "\n";
}

std::string summary_text(const formats::ctk::Reading& reading) {
  std::string out = line("layout", std::string(name_of(reading.layout)) + version_text(reading));
  if (reading.capacity_sectors) {
    out += line("capacity", human_size(*reading.capacity_sectors * sector_bytes) + " (" +
                                std::to_string(*reading.capacity_sectors) + " sectors)");
  }
  if (reading.block_sectors) out += line("block size", human_size(*reading.block_sectors * sector_bytes));
  if (reading.blocks) out += line("blocks", std::to_string(*reading.blocks));
  if (reading.epoch) out += line("epoch", std::to_string(*reading.epoch));
  if (reading.epoch_at_least) out += line("epoch at least", std::to_string(*reading.epoch_at_least));
  if (const auto id = reading.change_id()) out += line("change id", *id);
  return out;
}

std::string totals_text(const formats::ctk::TableTotals& totals, const Style& style) {
  std::string out = line("written", std::to_string(totals.written_blocks) + " blocks") +
                    line("never written", std::to_string(totals.never_written_blocks) + " blocks");
  if (totals.epochs.empty()) return out;
  Table table({{"EPOCH", true}, {"BLOCKS", true}, {"BYTES", true}, {"SIZE"}});
  for (const formats::ctk::EpochTotal& epoch : totals.epochs) {
    table.add({{std::to_string(epoch.epoch)},
               {std::to_string(epoch.blocks)},
               {std::to_string(epoch.bytes)},
               {human_size(epoch.bytes)}});
  }
  return out + "\n" + table.print(style);
}

std::string fields_text(const formats::ctk::Reading& reading, const Style& style) {
  Table table({{"OFFSET", true}, {"SIZE", true}, {"FIELD"}, {"CONFIDENCE"}, {"VALUE"}});
  for (const formats::ctk::Field& field : reading.fields) {
    table.add({{std::to_string(field.offset_bytes)},
               {std::to_string(field.size_bytes)},
               {field.name},
               {std::string(name_of(field.confidence))},
               {escaped(field.value)}});
  }
  return table.print(style);
}

// The UUID of a CTK file, where it lies and wherever the header holds it again.
std::vector<bool> masked_bytes(const model::InspectedFile& file) {
  const std::size_t size = file.head.size();
  std::vector<bool> masked(size);
  for (std::size_t at = uuid_begin; at < std::min(size, uuid_end); ++at) masked[at] = true;
  if (size < uuid_end) return masked;
  const auto uuid = std::span(file.head).subspan(uuid_begin, uuid_end - uuid_begin);
  if (std::all_of(uuid.begin(), uuid.end(), [&](std::byte byte) { return byte == uuid.front(); })) return masked;
  for (std::size_t at = 0; at + uuid.size() <= size; ++at) {
    const auto here = std::span(file.head).subspan(at, uuid.size());
    if (!std::equal(uuid.begin(), uuid.end(), here.begin())) continue;
    std::fill_n(masked.begin() + static_cast<std::ptrdiff_t>(at), uuid.size(), true);
  }
  return masked;
}

std::string dump(const model::InspectedFile& file, const std::vector<bool>& is_masked) {
  std::string out;
  for (std::size_t row = 0; row < file.head.size(); row += 16) {
    std::array<char, 24> offset{};
    std::snprintf(offset.data(), offset.size(), "%08zx", row);
    std::string hex;
    std::string text;
    for (std::size_t i = row; i < row + 16; ++i) {
      const bool there = i < file.head.size();
      const bool masked = there && is_masked[i];
      const auto byte = there ? std::to_integer<unsigned char>(file.head[i]) : 0U;
      const std::array<std::byte, 1> one{static_cast<std::byte>(byte)};
      hex += (i % 8 == 0 ? "  " : " ") + (!there ? "  " : masked ? "xx" : formats::core::hex_bytes(one));
      if (there) text += masked || byte < 0x20 || byte > 0x7E ? '.' : static_cast<char>(byte);
    }
    out += offset.data() + hex + "  |" + text + "|\n";
  }
  return out;
}

}  // namespace

std::string ctk_show_json(const std::vector<model::InspectedFile>& files, int exit_status,
                          const ProvenanceOf& provenance) {
  Json document = envelope("cbtctl.ctk-show/1", exit_status, {});
  document["files"] = Json::array();
  for (const model::InspectedFile& file : files) document["files"].push_back(tracking_file_json(file));
  return printed_document(std::move(document), provenance);
}

std::string ctk_show_text(const std::vector<model::InspectedFile>& files, const Style& style) {
  std::string out;
  for (const model::InspectedFile& file : files) {
    if (!out.empty()) out += "\n";
    out += escaped(file.path) + (file.size_bytes ? ": " + std::to_string(*file.size_bytes) + " bytes\n" : "\n");
    if (file.size_bytes) out += summary_text(file.tracking.value_or(formats::ctk::Reading{}));
    if (file.totals) out += totals_text(*file.totals, style);
    if (file.tracking) {
      out += "\n" + fields_text(*file.tracking, style);
    } else if (!file.head.empty()) {  // as it is, and never interpreted; only with a signature it has a UUID to hide
      const bool hides = file.kind == formats::FileKind::ctk;
      out += "\n" + dump(file, hides ? masked_bytes(file) : std::vector<bool>(file.head.size()));
    }
    for (const std::string& note : notes_of(file)) out += "note: " + escaped(note) + "\n";
  }
  return out;
}

std::string header_dump(const model::InspectedFile& file) { return dump(file, masked_bytes(file)); }

}  // namespace cbtctl::report
