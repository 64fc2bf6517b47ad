#include "report/extents.h"

#include <algorithm>

#include "formats/core/path.h"
#include "report/chain_subject.h"
#include "report/csv.h"
#include "report/json_stream.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using disk::Allocation;
using disk::MapExtent;

std::string_view name_of(Allocation allocation) {
  switch (allocation) {
    case Allocation::data:
      return "data";
    case Allocation::unreadable:
      return "unreadable";
    case Allocation::zero:
    case Allocation::parent:
      break;
  }
  return "zero";
}

std::vector<std::string> link_names(const disk::Chain& chain) {
  std::vector<std::string> names;
  for (const disk::Link& link : chain.links()) names.push_back(escaped(formats::core::file_name(link.path)));
  return names;
}

void print_rows(const MappedChain& mapped, const Style& style, Printer& out) {
  const disk::Chain& chain = *mapped.subject.chain;
  const auto names = link_names(chain);
  const std::size_t width = std::max<std::size_t>(std::to_string(chain.size_bytes()).size(), 6);
  out << std::string(width - 6, ' ') << "OFFSET  " << std::string(width - 6, ' ')
      << "LENGTH  STATE       LINK  DESCRIPTOR\n";
  mapped.visit([&](const MapExtent& extent) {
    out.number(extent.offset_bytes, width);
    out << "  ";
    out.number(extent.length_bytes, width);
    std::string state(name_of(extent.allocation));
    state.resize(10, ' ');
    const Tint tint = extent.allocation == Allocation::data         ? Tint::none
                      : extent.allocation == Allocation::unreadable ? Tint::bad
                                                                    : Tint::faint;
    out << "  " << tinted(state, tint, style) << "  ";
    out.number(extent.link, 4);
    out << "  " << names[extent.link] << "\n";
    return out.goes_on();
  });
}

void print_totals(const MappedChain& mapped, Printer& out) {
  const MapTotals& totals = mapped.totals;
  out << totals.extents << " extents in " << mapped.subject.chain->size_bytes() << " bytes: data " << totals.data_bytes
      << " (" << human_size(totals.data_bytes) << "), zeros " << totals.zero_bytes;
  if (totals.unreadable_bytes > 0) out << ", unreadable " << totals.unreadable_bytes;
  out << "\n";
}

Json disk_json(const MappedChain& mapped) {
  const disk::Chain* chain = mapped.subject.chain;
  Json object = subject_json(mapped.subject);
  object["capacity_bytes"] = chain != nullptr ? Json(chain->size_bytes()) : Json(nullptr);
  object["links"] = Json::array();
  for (std::size_t i = 0; chain != nullptr && i < chain->links().size(); ++i)
    object["links"].push_back(chain->links()[i].path);
  object["data_bytes"] = mapped.totals.data_bytes;
  object["zero_bytes"] = mapped.totals.zero_bytes;
  object["unreadable_bytes"] = mapped.totals.unreadable_bytes;
  return object;
}

void print_extents(const MappedChain& mapped, Printer& out, JsonStream& json) {
  json.begin_rows("extents", {"offset_bytes", "length_bytes", "state", "link"});
  if (mapped.subject.chain != nullptr) {
    mapped.visit([&](const MapExtent& extent) {
      json.row(extent.offset_bytes, extent.length_bytes, name_of(extent.allocation), extent.link);
      return out.goes_on();
    });
  }
  json.end_rows();
}

}  // namespace

void MappedChain::visit(const disk::Chain::MapSink& sink) const {
  if (extents.size() < totals.extents) return subject.chain->visit_map(sink);
  for (const MapExtent& extent : extents) {
    if (!sink(extent)) return;
  }
}

void MapTotals::add(const MapExtent& extent) {
  ++extents;
  if (extent.allocation == Allocation::data)
    data_bytes += extent.length_bytes;
  else if (extent.allocation == Allocation::unreadable)
    unreadable_bytes += extent.length_bytes;
  else
    zero_bytes += extent.length_bytes;
}

bool print_extents_table(const std::vector<MappedChain>& chains, const Style& style, const TextSink& sink) {
  Printer out(sink);
  bool is_first = true;
  for (const MappedChain& mapped : chains) {
    if (shows_nothing(mapped.subject)) continue;
    out << (is_first ? "" : "\n") << title_of(mapped.subject) << "\n";
    is_first = false;
    if (mapped.subject.chain != nullptr) {
      print_rows(mapped, style, out);
      print_totals(mapped, out);
    }
    if (!mapped.subject.error.empty()) out << tinted("  " + escaped(mapped.subject.error), Tint::bad, style) << "\n";
  }
  return out.flush();
}

bool print_extents_csv(const std::vector<MappedChain>& chains, const TextSink& sink) {
  Printer out(sink);
  out << csv_row({"disk", "offset_bytes", "length_bytes", "state", "link", "descriptor"});
  for (const MappedChain& mapped : chains) {
    if (mapped.subject.chain == nullptr) continue;
    mapped.visit([&](const MapExtent& extent) {
      out << csv_row({mapped.subject.path, std::to_string(extent.offset_bytes), std::to_string(extent.length_bytes),
                      std::string(name_of(extent.allocation)), std::to_string(extent.link),
                      mapped.subject.chain->links()[extent.link].path});
      return out.goes_on();
    });
  }
  return out.flush();
}

bool print_extents_json(const std::vector<MappedChain>& chains, int exit_status, const TextSink& sink,
                        const ProvenanceOf& provenance) {
  Printer out(sink);
  JsonStream json(out);
  json.begin_object();
  json.members(envelope("cbtctl.extents/1", exit_status, {}));
  json.begin_array("disks");
  for (const MappedChain& mapped : chains) {
    json.begin_object();
    json.members(disk_json(mapped));
    print_extents(mapped, out, json);
    json.end_object();
  }
  json.end_array();
  if (provenance) json.member("provenance", provenance_json(provenance()));
  json.member("messages", messages_json());
  json.end_object();
  return out.flush();
}

}  // namespace cbtctl::report
