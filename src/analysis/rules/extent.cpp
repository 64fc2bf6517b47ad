// The extents that descriptors name: there, long enough, and in themselves right.
#include <algorithm>
#include <limits>
#include <set>

#include "analysis/subject.h"
#include "formats/core/checked.h"
#include "formats/vmdk/grain_tables.h"

namespace cbtctl::analysis {
namespace {

using formats::FileKind;
using formats::core::sector_bytes;
using formats::vmdk::ExtentKind;

bool is_flat(ExtentKind kind) { return kind == ExtentKind::flat || kind == ExtentKind::vmfs; }
bool is_sparse(ExtentKind kind) {
  return kind == ExtentKind::vmfs_sparse || kind == ExtentKind::sesparse || kind == ExtentKind::sparse;
}

std::optional<FileKind> kind_of(ExtentKind kind) {
  if (kind == ExtentKind::vmfs_sparse) return FileKind::cowd;
  if (kind == ExtentKind::sesparse) return FileKind::sesparse;
  return kind == ExtentKind::sparse ? std::optional(FileKind::hosted_sparse) : std::nullopt;
}

// A file may serve several lines, one behind another: only behind the last can it be too long.
bool is_last_of_its_file(const model::Descriptor& descriptor, const model::Extent& extent) {
  return std::none_of(descriptor.extents.begin(), descriptor.extents.end(), [&](const model::Extent& other) {
    return other.reference && other.reference->file == extent.reference->file &&
           other.line.offset_sectors > extent.line.offset_sectors;
  });
}

// `is_last`: no other line has what is behind it in the file.
void check_flat(const Subject& subject, model::Index descriptor, const model::File& file,
                const formats::vmdk::ExtentLine& line, bool is_last, Findings& out) {
  constexpr std::uint64_t more_than_any_file = std::numeric_limits<std::uint64_t>::max();
  const auto sectors = formats::core::checked_add(line.offset_sectors, line.sectors).value_or(more_than_any_file);
  const auto wanted = formats::core::checked_multiply(sectors, sector_bytes).value_or(more_than_any_file);
  constexpr std::uint64_t longer_bytes = std::uint64_t{1} << 20;
  if (!file.size_bytes) return;
  const bool is_longer = is_last && *file.size_bytes >= wanted && *file.size_bytes - wanted >= longer_bytes;
  if (*file.size_bytes >= wanted && !is_longer) return;
  Finding finding = about(Code::extent_size_mismatch, subject, descriptor);
  if (is_longer) finding.severity = Severity::warning;
  finding.key = line.file_name;
  finding.evidence.push_back(
      {line.file_name, std::to_string(wanted) + " bytes", std::to_string(*file.size_bytes) + " bytes"});
  out.found.push_back(std::move(finding));
}

void skip_tables(const model::File& file, const model::Error& error, const Finding& finding, Findings& out) {
  out.skipped.push_back({.what = file.path,
                         .why = "grain tables: " + error.message,
                         .machine = finding.machine,
                         .reason = reason_of(error),
                         .target = finding.target,
                         .path = file.path});
}

// The grain directory and the tables, read whole: what they point at lies in the file, and nothing lies there twice.
void check_grains(const Subject& subject, model::Index index, Finding& finding, Findings& out) {
  const model::File& file = subject.file(index);
  const auto source = subject.opener(index);
  if (!source) {
    skip_tables(file, source.error(), finding, out);
    return;
  }
  const auto layout = formats::vmdk::layout_of(subject.datastore.sparse_extents[*file.sparse], **source);
  if (!layout) {
    const bool told = !finding.evidence.empty() || !is_damage(layout.error());
    if (!told) finding.evidence.push_back({"grain tables", "a layout that adds up", layout.error().message});
    return;
  }
  const auto defects = formats::vmdk::check_tables(**source, *layout);
  if (!defects) {
    skip_tables(file, defects.error(), finding, out);
    return;
  }
  for (const auto& defect : *defects) {
    const std::string place = defect.field + " at byte " + std::to_string(defect.offset_bytes);
    finding.evidence.push_back({place, defect.expected, defect.found});
  }
}

void check_sparse(const Subject& subject, model::Index index, const formats::vmdk::ExtentLine& line, Findings& out) {
  const model::File& file = subject.file(index);
  if (is_unread(file)) return;
  Finding finding = about(Code::extent_invalid, subject, index);
  const auto expected = *kind_of(line.kind);
  if (!file.sparse || file.kind != expected) {
    const std::string found = file.error  ? file.error->message
                              : file.kind ? std::string(formats::name_of(*file.kind))
                                          : "not read";
    finding.evidence.push_back({"content", std::string(formats::name_of(expected)), found});
  } else {
    const auto capacity = formats::core::checked_multiply(line.sectors, sector_bytes);
    for (const auto& defect :
         formats::vmdk::check(subject.datastore.sparse_extents[*file.sparse], file.size_bytes.value_or(0), capacity)) {
      finding.evidence.push_back({defect.field, defect.expected, defect.found});
    }
    if (subject.opener) check_grains(subject, index, finding, out);
  }
  if (!finding.evidence.empty()) out.found.push_back(std::move(finding));
}

// What an I/O filter keeps beside a disk.
void check_sidecars(const Subject& subject, const model::Descriptor& descriptor, Findings& out) {
  for (const model::Reference& sidecar : descriptor.sidecars) {
    if (!sidecar.file || subject.file(*sidecar.file).exists) continue;
    Finding finding = about(Code::sidecar_missing, subject, descriptor.file);
    finding.key = sidecar.written;
    finding.evidence.push_back({"ddb.sidecars", sidecar.written, {}});
    out.found.push_back(std::move(finding));
  }
}

}  // namespace

void check_extents(const Subject& subject, Findings& out) {
  std::set<model::Index> seen;  // sparse extents, each once
  for (const model::Descriptor& descriptor : subject.datastore.descriptors) {
    if (!descriptor.judged) continue;
    check_sidecars(subject, descriptor, out);
    for (const model::Extent& extent : descriptor.extents) {
      if (!extent.reference || !extent.reference->file) continue;
      const model::File& file = subject.file(*extent.reference->file);
      if (!file.exists) {
        Finding finding = about(Code::extent_missing, subject, descriptor.file);
        finding.key = extent.line.file_name;
        finding.evidence.push_back({extent.line.type, extent.line.file_name, {}});
        out.found.push_back(std::move(finding));
      } else if (is_flat(extent.line.kind)) {
        check_flat(subject, descriptor.file, file, extent.line, is_last_of_its_file(descriptor, extent), out);
      } else if (is_sparse(extent.line.kind) && seen.insert(*extent.reference->file).second) {
        if (subject.running[*extent.reference->file]) {
          out.skipped.push_back({.what = file.path,
                                 .why = "the VM that uses it is not proven to be off: its header may be moving",
                                 .machine = subject.owners[*extent.reference->file].machine,
                                 .reason = SkipReason::not_proven_off,
                                 .target = file.target,
                                 .path = file.path});
        } else {
          check_sparse(subject, *extent.reference->file, extent.line, out);
        }
      }
    }
  }
}

}  // namespace cbtctl::analysis
