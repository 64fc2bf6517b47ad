// Disks and disk data that nothing uses. The users' main complaint about orphan hunters is a false alarm: what other
// products keep beside virtual machines is never called an orphan, and a disk that another datastore's machine could
// use is only a possible one.
#include "analysis/kept_by_others.h"
#include "analysis/subject.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::analysis {
namespace {

using formats::FileKind;

void check_descriptors(const Subject& subject, Findings& out) {
  for (model::Index i = 0; i < subject.datastore.descriptors.size(); ++i) {
    const model::Descriptor& descriptor = subject.datastore.descriptors[i];
    const model::File& file = subject.file(descriptor.file);
    if (subject.used[i] || !descriptor.judged || keeper_of(file) != nullptr || subject.is_silenced(file)) continue;
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
    const Keeper* keeper = keeper_of(file);
    if ((keeper != nullptr && keeper->data_too) || subject.is_silenced(file)) continue;
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
