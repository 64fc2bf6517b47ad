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

// A disk gets a new CID when it is written to for the first time after a delta was made of it.
void tell_written_last(const Subject& subject, const model::Descriptor& delta, Finding& finding) {
  const auto base = delta.parent && delta.parent->file ? subject.file(*delta.parent->file).descriptor : std::nullopt;
  const auto& cid = base ? subject.datastore.descriptors[*base].content.cid : std::nullopt;
  const auto known = delta.content.cid_of_parent();
  if (!cid || !known) return;
  const std::string path = subject.file(*delta.parent->file).path;
  finding.evidence.push_back({"written last",
                              {},
                              *cid == *known ? "the delta: " + path + " has not changed since it was made"
                                             : "the base " + path + ": what the delta holds does not go with it"});
}

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
    if (delta) tell_written_last(subject, descriptor, finding);
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
    if ((keeper != nullptr && keeper->data_too) || subject.is_silenced(file) || subject.is_awaited(file)) continue;
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
