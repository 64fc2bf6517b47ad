#include "report/chain.h"

#include "formats/core/hex.h"
#include "report/csv.h"
#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using disk::Link;
using formats::core::hex32;

std::string_view file_of(std::string_view path) {
  return path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
}
std::string_view name_of(disk::Allocation allocation) { return allocation == disk::Allocation::data ? "data" : "zero"; }

Json cid_json(const std::optional<std::uint32_t>& cid) { return cid ? Json(hex32(*cid)) : Json(nullptr); }

bool matches_parent(const disk::Chain& chain, std::size_t index) {
  if (index + 1 >= chain.links().size()) return true;
  const auto& child = chain.links()[index].content.parent_cid;
  const auto& parent = chain.links()[index + 1].content.cid;
  return !child || !parent || *child == *parent;
}

// The snapshot that froze the link.
const formats::vmsd::Snapshot* snapshot_of(const ChainSubject& subject, const Link& link) {
  if (subject.snapshots == nullptr) return nullptr;
  for (const formats::vmsd::Snapshot& snapshot : subject.snapshots->snapshots) {
    for (const formats::vmsd::FrozenDisk& frozen : snapshot.disks) {
      if (file_of(frozen.file_name) == file_of(link.path)) return &snapshot;
    }
  }
  return nullptr;
}

std::string time_of(const formats::vmsd::Snapshot& snapshot) {
  return snapshot.created_us ? rfc3339(*snapshot.created_us / 1'000'000) : std::string();
}

std::uint64_t size_of(const Link& link) {
  std::uint64_t size = 0;
  for (const Link::Part& part : link.parts) size += part.size_bytes;
  return size;
}

Json link_json(const ChainSubject& subject, std::size_t index) {
  const Link& link = subject.chain->links()[index];
  Json object;
  put_text(object, "descriptor", link.path);
  object["create_type"] = lossy_utf8(link.content.create_type);
  object["version"] = or_null(link.content.version);
  object["cid"] = cid_json(link.content.cid);
  object["parent_cid"] = cid_json(link.content.parent_cid);
  object["matches_parent"] = matches_parent(*subject.chain, index);
  object["capacity_bytes"] = link.capacity_bytes;
  object["extents"] = Json::array();
  for (const Link::Part& part : link.parts) {
    Json extent;
    put_text(extent, "path", part.path);
    extent["offset_bytes"] = part.begin_bytes;
    extent["length_bytes"] = part.length_bytes;
    extent["size_bytes"] = part.size_bytes;
    extent["error"] = part.error ? Json(lossy_utf8(part.error->message)) : Json(nullptr);
    object["extents"].push_back(std::move(extent));
  }
  object["change_track_path"] =
      link.content.change_track_path ? Json(lossy_utf8(*link.content.change_track_path)) : Json(nullptr);
  const auto* snapshot = snapshot_of(subject, link);
  object["snapshot"] = snapshot == nullptr
                           ? Json(nullptr)
                           : Json{{"name", lossy_utf8(snapshot->display_name)},
                                  {"created", time_of(*snapshot).empty() ? Json(nullptr) : Json(time_of(*snapshot))}};
  return object;
}

Json subject_json(const ChainSubject& subject) {
  Json object;
  object["vm"] = subject.vm.empty() ? Json(nullptr) : Json(lossy_utf8(subject.vm));
  object["slot"] = subject.slot.empty() ? Json(nullptr) : Json(subject.slot);
  put_text(object, "path", subject.path);
  const bool broken = subject.chain != nullptr && subject.chain->broken();
  object["error"] = !subject.error.empty() ? Json(lossy_utf8(subject.error))
                    : broken               ? Json(lossy_utf8(subject.chain->broken()->message))
                                           : Json(nullptr);
  return object;
}

}  // namespace

std::string chain_tree(const std::vector<ChainSubject>& subjects, const Style& style) {
  std::string out;
  for (const ChainSubject& subject : subjects) {
    out += (out.empty() ? "" : "\n") + escaped(subject.path) + (subject.slot.empty() ? "" : " (" + subject.slot + ")") +
           "\n";
    if (subject.chain == nullptr) {
      out += tinted("  " + escaped(subject.error), Tint::bad, style) + "\n";
      continue;
    }
    Table table({{"LINK"}, {"TYPE"}, {"CID"}, {"PARENT"}, {"CAPACITY", true}, {"FILES", true}, {"CTK"}, {"SNAPSHOT"}});
    const auto& links = subject.chain->links();
    for (std::size_t i = 0; i < links.size(); ++i) {
      const Link& link = links[i];
      const bool matches = matches_parent(*subject.chain, i);
      std::string parent = link.content.parent_cid ? hex32(*link.content.parent_cid) : "-";
      if (!matches) parent += " is not " + hex32(*links[i + 1].content.cid);
      const auto* snapshot = snapshot_of(subject, link);
      const std::string indent = i == 0 ? "" : std::string(2 * i - 2, ' ') + "└ ";
      table.add({{indent + escaped(file_of(link.path))},
                 {escaped(link.content.create_type)},
                 {link.content.cid ? hex32(*link.content.cid) : "-"},
                 {parent, matches ? Tint::none : Tint::bad},
                 {human_size(link.capacity_bytes)},
                 {human_size(size_of(link))},
                 {link.content.change_track_path ? escaped(*link.content.change_track_path) : "-"},
                 {snapshot == nullptr ? "-" : escaped(snapshot->display_name) + " " + time_of(*snapshot)}});
    }
    out += table.print(style);
    for (const Link& link : links) {
      for (const Link::Part& part : link.parts) {
        if (part.error) out += tinted("  " + escaped(part.error->message), Tint::bad, style) + "\n";
      }
    }
    if (subject.chain->broken())
      out += tinted("  " + escaped(subject.chain->broken()->message), Tint::bad, style) + "\n";
  }
  return out;
}

std::string chain_json(const std::vector<ChainSubject>& subjects, int exit_status) {
  Json document = envelope("cbtctl.chain/1", exit_status, {});
  document["disks"] = Json::array();
  for (const ChainSubject& subject : subjects) {
    Json object = subject_json(subject);
    object["links"] = Json::array();
    for (std::size_t i = 0; subject.chain != nullptr && i < subject.chain->links().size(); ++i)
      object["links"].push_back(link_json(subject, i));
    document["disks"].push_back(std::move(object));
  }
  return printed(document);
}

std::string extents_table(const std::vector<MappedChain>& chains, const Style& style) {
  std::string out;
  for (const MappedChain& mapped : chains) {
    out += (out.empty() ? "" : "\n") + escaped(mapped.subject.path) + "\n";
    if (mapped.subject.chain == nullptr) {
      out += "  " + escaped(mapped.subject.error) + "\n";
      continue;
    }
    Table table({{"OFFSET", true}, {"LENGTH", true}, {"STATE"}, {"LINK", true}, {"DESCRIPTOR"}});
    std::uint64_t data = 0;
    for (const disk::MapExtent& extent : mapped.extents) {
      data += extent.allocation == disk::Allocation::data ? extent.length_bytes : 0;
      table.add({{std::to_string(extent.offset_bytes)},
                 {std::to_string(extent.length_bytes)},
                 {std::string(name_of(extent.allocation)),
                  extent.allocation == disk::Allocation::data ? Tint::none : Tint::faint},
                 {std::to_string(extent.link)},
                 {escaped(file_of(mapped.subject.chain->links()[extent.link].path))}});
    }
    out += table.print(style) + std::to_string(data) + " bytes of data (" + human_size(data) + ") in " +
           std::to_string(mapped.subject.chain->size_bytes()) + "\n";
    if (!mapped.subject.error.empty()) out += tinted("  " + escaped(mapped.subject.error), Tint::bad, style) + "\n";
  }
  return out;
}

std::string extents_csv(const std::vector<MappedChain>& chains) {
  std::string out = csv_row({"disk", "offset_bytes", "length_bytes", "state", "link", "descriptor"});
  for (const MappedChain& mapped : chains) {
    for (const disk::MapExtent& extent : mapped.extents) {
      out += csv_row({mapped.subject.path, std::to_string(extent.offset_bytes), std::to_string(extent.length_bytes),
                      std::string(name_of(extent.allocation)), std::to_string(extent.link),
                      mapped.subject.chain->links()[extent.link].path});
    }
  }
  return out;
}

std::string extents_json(const std::vector<MappedChain>& chains, int exit_status) {
  Json document = envelope("cbtctl.extents/1", exit_status, {});
  document["disks"] = Json::array();
  for (const MappedChain& mapped : chains) {
    Json object = subject_json(mapped.subject);
    object["error"] = mapped.subject.error.empty() ? Json(nullptr) : Json(lossy_utf8(mapped.subject.error));
    object["capacity_bytes"] =
        mapped.subject.chain != nullptr ? Json(mapped.subject.chain->size_bytes()) : Json(nullptr);
    object["links"] = Json::array();
    for (std::size_t i = 0; mapped.subject.chain != nullptr && i < mapped.subject.chain->links().size(); ++i) {
      object["links"].push_back(lossy_utf8(mapped.subject.chain->links()[i].path));
    }
    object["extents"] = Json::array();
    std::uint64_t data = 0;
    for (const disk::MapExtent& extent : mapped.extents) {
      data += extent.allocation == disk::Allocation::data ? extent.length_bytes : 0;
      object["extents"].push_back({{"offset_bytes", extent.offset_bytes},
                                   {"length_bytes", extent.length_bytes},
                                   {"state", std::string(name_of(extent.allocation))},
                                   {"link", extent.link}});
    }
    object["data_bytes"] = data;
    document["disks"].push_back(std::move(object));
  }
  return printed(document);
}

}  // namespace cbtctl::report
