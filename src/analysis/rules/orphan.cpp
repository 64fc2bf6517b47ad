// Disks and disk data that nothing uses. The users' main complaint about orphan hunters is a false alarm: what other
// products keep beside virtual machines is never called an orphan, and a disk that another datastore's machine could
// use is only a possible one.
#include <algorithm>
#include <array>

#include "analysis/subject.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::analysis {
namespace {

using formats::FileKind;
using formats::text::lower;

bool has_folder(std::string_view path, std::string_view beginning, bool whole) {
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = path.find('/', begin);
    if (end == std::string_view::npos) return false;  // the file itself
    const std::string_view part = path.substr(begin, end - begin);
    if (whole ? part == beginning : part.starts_with(beginning)) return true;
    begin = end + 1;
  }
  return false;
}

// First-class disks, content libraries, App Volumes, Kubernetes volumes, replication, View digests.
bool is_kept_by_others(const model::File& file) {
  const std::string path = lower(file.path);
  const std::string_view name = formats::core::file_name(path);
  constexpr std::array<std::string_view, 7> folders{"fcd",     "appvolumes", "cloudvolumes", "kubevols",
                                                    "catalog", "hbrdisk",    "vmkdump"};
  const bool in_folder =
      std::any_of(folders.begin(), folders.end(), [&](auto folder) { return has_folder(path, folder, true); });
  return in_folder || has_folder(path, "contentlib-", false) || name.starts_with("hbrdisk.") ||
         name.find("-000000.") != std::string_view::npos || name.find("-000000-") != std::string_view::npos ||
         formats::vmware::mentions_a_digest(name);
}

void check_descriptors(const Subject& subject, Findings& out) {
  for (model::Index i = 0; i < subject.datastore.descriptors.size(); ++i) {
    const model::Descriptor& descriptor = subject.datastore.descriptors[i];
    const model::File& file = subject.file(descriptor.file);
    if (subject.used[i] || !descriptor.judged || is_kept_by_others(file) || subject.is_silenced(file)) continue;
    const bool delta = descriptor.content.has_parent();
    Finding finding = about_unused(delta ? Code::snapshot_orphan : Code::disk_orphan, subject, descriptor.file);
    finding.certainty = Certainty::possible;  // a virtual machine outside the scan may use it
    finding.evidence.push_back(
        {"used by", delta ? "a VM, a .vmsd or a delta" : "a VM, a template, a .vmsd or a delta", {}});
    out.found.push_back(std::move(finding));
  }
}

bool is_disk_data(const model::File& file) {
  if (file.kind == FileKind::cowd || file.kind == FileKind::sesparse) return true;
  const auto name = formats::vmware::parse_name(formats::core::file_name(file.path));
  return is_whole_extent(name.kind) && (file.kind == FileKind::data || file.kind == FileKind::empty ||
                                        file.kind == FileKind::ctk);  // the guest decides what its first bytes are
}

void check_data(const Subject& subject, Findings& out) {
  std::vector<bool> named(subject.datastore.files.size());
  for (const model::Descriptor& descriptor : subject.datastore.descriptors) {
    for (const model::Extent& extent : descriptor.extents) {
      if (extent.reference && extent.reference->file) named[*extent.reference->file] = true;
    }
  }
  for (model::Index i = 0; i < named.size(); ++i) {
    const model::File& file = subject.file(i);
    if (named[i] || !file.exists || file.descriptor || file.tracking || !is_disk_data(file)) continue;
    if (is_kept_by_others(file) || subject.is_silenced(file)) continue;
    Finding finding = about_unused(Code::extent_orphan, subject, i);
    finding.certainty = subject.certainty_of_unnamed(file);
    finding.evidence.push_back({"descriptor", "one that names it", {}});
    out.found.push_back(std::move(finding));
  }
}

}  // namespace

void check_orphans(const Subject& subject, Findings& out) {
  check_descriptors(subject, out);
  check_data(subject, out);
}

}  // namespace cbtctl::analysis
