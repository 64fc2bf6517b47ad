#include "report/chain.h"

#include "formats/core/hex.h"
#include "formats/core/path.h"
#include "report/chain_subject.h"
#include "report/reading_json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using disk::Link;
using formats::core::hex32;

bool matches_parent(const disk::Chain& chain, std::size_t index) {
  const auto& links = chain.links();
  return index + 1 >= links.size() || disk::matches_parent(links[index], links[index + 1]);
}

const formats::vmsd::Snapshot* snapshot_of(const ChainSubject& subject, const Link& link) {
  return subject.snapshots == nullptr ? nullptr : report::snapshot_of(*subject.snapshots, subject.slot, link);
}

std::string time_of(const formats::vmsd::Snapshot& snapshot) {
  return snapshot.created_us ? rfc3339(*snapshot.created_us / 1'000'000) : std::string();
}

std::uint64_t size_of(const Link& link) {
  std::uint64_t size = 0;
  for (const Link::Part& part : link.parts) size += part.size_bytes;
  return size;
}

Json extents_of(const Link& link) {
  Json list = Json::array();
  for (const Link::Part& part : link.parts) {
    Json extent;
    put_text(extent, "path", part.path);
    extent["offset_bytes"] = part.begin_bytes;
    extent["length_bytes"] = part.length_bytes;
    extent["size_bytes"] = part.size_bytes;
    extent["error"] = message_or_null(part.error);
    list.push_back(std::move(extent));
  }
  return list;
}

Json tracking_json(const std::optional<LinkTracking>& tracking) {
  if (!tracking) return nullptr;
  const auto& reading = tracking->verdict.reading;
  Json object;
  put_text(object, "path", tracking->path);
  object["exists"] = tracking->exists;
  object["size_bytes"] = or_null(tracking->size_bytes);
  object["valid"] = or_null(tracking->verdict.fits);
  object["reason"] = text_or_null(tracking->verdict.reason);
  put_reading(object, reading);
  object["change_id"] = reading ? or_null(reading->change_id()) : Json(nullptr);
  return object;
}

Json defects_of(const disk::LinkFacts& facts) {
  Json list = Json::array();
  for (const auto& [path, defect] : facts.defects) {
    Json object;
    put_text(object, "path", path);
    object["field"] = defect.field;
    object["offset_bytes"] = defect.offset_bytes;
    object["expected"] = defect.expected;
    object["found"] = defect.found;
    list.push_back(std::move(object));
  }
  return list;
}

Json snapshot_json(const formats::vmsd::Snapshot* snapshot) {
  if (snapshot == nullptr) return nullptr;
  const std::string created = time_of(*snapshot);
  return {{"name", snapshot->display_name}, {"created", text_or_null(created)}};
}

Json link_json(const InspectedChain& inspected, std::size_t index) {
  const Link& link = inspected.subject.chain->links()[index];
  const disk::LinkFacts& facts = inspected.facts[index];
  Json object;
  put_text(object, "descriptor", link.path);
  object["create_type"] = link.content.create_type;
  object["version"] = or_null(link.content.version);
  object["cid"] = cid_json(link.content.cid);
  object["parent_cid"] = cid_json(link.content.parent_cid);
  object["matches_parent"] = matches_parent(*inspected.subject.chain, index);
  object["capacity_bytes"] = link.capacity_bytes;
  object["size_bytes"] = size_of(link);
  object["allocated_bytes"] = facts.data_bytes;
  object["zero_bytes"] = facts.zero_bytes;
  object["unreadable_bytes"] = facts.unreadable_bytes;
  object["extents"] = extents_of(link);
  object["ctk"] = tracking_json(inspected.tracking[index]);
  object["snapshot"] = snapshot_json(snapshot_of(inspected.subject, link));
  object["defects"] = defects_of(facts);
  return object;
}

Cell tracking_cell(const std::optional<LinkTracking>& tracking) {
  if (!tracking) return {"-", Tint::faint};
  const auto& verdict = tracking->verdict;
  const std::string file = escaped(formats::core::file_name(tracking->path));
  if (!tracking->exists) return {file + " is missing", Tint::bad};
  if (verdict.fits == false) return {file + " does not fit", Tint::bad};
  if (!verdict.fits) return {file + ", not verified", Tint::warning};
  return {file + (verdict.reading->epoch ? ", epoch " + std::to_string(*verdict.reading->epoch) : ""), Tint::good};
}

Cell snapshot_cell(const formats::vmsd::Snapshot* snapshot) {
  if (snapshot == nullptr) return {"-", Tint::faint};
  return {escaped(snapshot->display_name) + " " + time_of(*snapshot)};
}

std::vector<Cell> link_row(const InspectedChain& inspected, std::size_t index) {
  const auto& links = inspected.subject.chain->links();
  const Link& link = links[index];
  const bool matches = matches_parent(*inspected.subject.chain, index);
  const auto parent_cid = link.content.cid_of_parent();
  std::string parent = parent_cid ? hex32(*parent_cid) : "-";
  if (!matches) parent += " is not " + hex32(*links[index + 1].content.cid);
  const std::string indent = index == 0 ? "" : std::string(2 * index - 2, ' ') + "└ ";
  return {{indent + escaped(formats::core::file_name(link.path))},
          {escaped(link.content.create_type)},
          {link.content.cid ? hex32(*link.content.cid) : "-"},
          {parent, matches ? Tint::none : Tint::bad},
          {human_size(link.capacity_bytes)},
          {human_size(inspected.facts[index].data_bytes)},
          {human_size(size_of(link))},
          tracking_cell(inspected.tracking[index]),
          snapshot_cell(snapshot_of(inspected.subject, link))};
}

// What does not fit into a row.
std::string remarks_of(const InspectedChain& inspected, const Style& style) {
  std::string out;
  const auto tell = [&](const std::string& text, Tint tint) {
    out += tinted("  " + escaped(text), tint, style) + "\n";
  };
  for (std::size_t i = 0; i < inspected.facts.size(); ++i) {
    const Link& link = inspected.subject.chain->links()[i];
    for (const Link::Part& part : link.parts) {
      if (part.error) tell(part.error->message, Tint::bad);
    }
    for (const auto& [path, defect] : inspected.facts[i].defects) tell(path + ": " + defect.message, Tint::bad);
    const auto& tracking = inspected.tracking[i];
    if (tracking && tracking->verdict.fits != true) tell(link.path + ": " + tracking->verdict.reason, Tint::warning);
  }
  const auto& broken = inspected.subject.chain->broken();
  if (broken) tell(broken->message, Tint::bad);
  return out;
}

}  // namespace

const formats::vmsd::Snapshot* snapshot_of(const formats::vmsd::SnapshotList& list, const std::string& slot,
                                           const Link& link) {
  for (const formats::vmsd::Snapshot& snapshot : list.snapshots) {
    for (const formats::vmsd::FrozenDisk& frozen : snapshot.disks) {
      const bool is_other_disk = !slot.empty() && !frozen.slot.empty() && frozen.slot != slot;
      if (!is_other_disk && formats::core::file_name(frozen.file_name) == formats::core::file_name(link.path))
        return &snapshot;
    }
  }
  return nullptr;
}

std::string chain_tree(const std::vector<InspectedChain>& chains, const Style& style) {
  std::string out;
  for (const InspectedChain& inspected : chains) {
    if (shows_nothing(inspected.subject)) continue;
    out += (out.empty() ? "" : "\n") + title_of(inspected.subject) + "\n";
    if (inspected.subject.chain == nullptr) {
      out += tinted("  " + escaped(inspected.subject.error), Tint::bad, style) + "\n";
      continue;
    }
    Table table({{"LINK"},
                 {"TYPE"},
                 {"CID"},
                 {"PARENT"},
                 {"CAPACITY", true},
                 {"ALLOCATED", true},
                 {"FILES", true},
                 {"CTK"},
                 {"SNAPSHOT"}});
    for (std::size_t i = 0; i < inspected.facts.size(); ++i) table.add(link_row(inspected, i));
    out += table.print(style) + remarks_of(inspected, style);
  }
  return out;
}

std::string chain_json(const std::vector<InspectedChain>& chains, int exit_status, const ProvenanceOf& provenance) {
  Json document = envelope("cbtctl.chain/1", exit_status, {});
  document["disks"] = Json::array();
  for (const InspectedChain& inspected : chains) {
    Json object = subject_json(inspected.subject);
    object["links"] = Json::array();
    for (std::size_t i = 0; i < inspected.facts.size(); ++i) object["links"].push_back(link_json(inspected, i));
    document["disks"].push_back(std::move(object));
  }
  return printed_document(std::move(document), provenance);
}

}  // namespace cbtctl::report
