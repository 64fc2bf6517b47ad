// Disks that a .vmx names and that are not there, and what is left of them.
#include <map>

#include "analysis/subject.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::analysis {
namespace {

using formats::vmware::NameKind;
using model::Index;

// What a file is to the disk that it is called after.
std::string_view remnant(NameKind kind) {
  if (kind == NameKind::tracking) return "CTK file";
  if (kind == NameKind::flat) return "flat";
  if (kind == NameKind::delta || kind == NameKind::sesparse) return "delta";
  return kind == NameKind::rdm || kind == NameKind::rdmp ? "raw device map" : std::string_view();
}

// By the disk, whatever its letter case: "0/web01/web01".
using Remnants = std::map<std::string, std::vector<Index>>;

Remnants remnants_of(const Subject& subject, const std::set<Index>& missing) {
  Remnants remnants;
  for (const Index disk : missing) remnants[disk_key(subject.file(disk))];
  if (remnants.empty()) return remnants;
  for (Index i = 0; i < subject.datastore.files.size(); ++i) {
    const model::File& file = subject.file(i);
    if (!file.exists || remnant(formats::vmware::parse_name(formats::core::file_name(file.path)).kind).empty())
      continue;
    const auto found = remnants.find(disk_key(file));
    if (found != remnants.end()) found->second.push_back(i);
  }
  return remnants;
}

void raise_missing_disk(const Subject& subject, const JudgedDisk& judged, const std::vector<Index>& left,
                        Findings& out) {
  Finding finding = about(Code::disk_missing, subject, judged);
  finding.evidence.push_back({"fileName", judged.disk->chain.front().reference.written, {}});
  for (const Index index : left) {
    const std::string& path = subject.file(index).path;
    const auto kind = formats::vmware::parse_name(formats::core::file_name(path)).kind;
    finding.evidence.push_back({"left is the " + std::string(remnant(kind)), {}, path});
  }
  out.found.push_back(std::move(finding));
}

}  // namespace

void check_missing_disks(const Subject& subject, Findings& out) {
  if (subject.missing_disks.empty()) return;
  const Remnants remnants = remnants_of(subject, subject.missing_disks);
  for (const JudgedDisk& judged : subject.disks) {
    const auto& file = judged.disk->chain.front().reference.file;
    if (file && subject.missing_disks.contains(*file))
      raise_missing_disk(subject, judged, remnants.at(disk_key(subject.file(*file))), out);
  }
}

}  // namespace cbtctl::analysis
