// Deltas and their parents.
#include <algorithm>
#include <set>

#include "analysis/subject.h"
#include "formats/core/hex.h"

namespace cbtctl::analysis {
namespace {

using formats::core::hex32;
using model::Index;

Finding about_child(Code code, const Subject& subject, Index descriptor) {
  return about(code, subject, subject.datastore.descriptors[descriptor].file);
}

// A disk with snapshots cannot be extended or shrunk by the host: one of the two was edited, or is another disk's.
void check_capacity(const Subject& subject, Index index, std::optional<std::uint64_t> of_parent, Findings& out) {
  const auto capacity = subject.datastore.descriptors[index].content.capacity_bytes();
  if (!capacity || !of_parent || capacity == of_parent) return;
  Finding finding = about_child(Code::chain_capacity_mismatch, subject, index);
  finding.evidence.push_back({"capacity", std::to_string(*of_parent) + " bytes", std::to_string(*capacity) + " bytes"});
  out.found.push_back(std::move(finding));
}

// A delta remembers the CID its parent had when the delta was made. A parent written to since then no longer matches,
// and reading through the chain would mix two points in time.
void check_parent(const Subject& subject, Index index, Findings& out) {
  const model::Descriptor& child = subject.datastore.descriptors[index];
  if (!child.judged || !child.parent || !child.parent->file) return;
  const model::File& parent_file = subject.file(*child.parent->file);
  if (!parent_file.exists) {
    Finding finding = about_child(Code::chain_parent_missing, subject, index);
    finding.evidence.push_back({"parentFileNameHint", child.parent->written, {}});
    out.found.push_back(std::move(finding));
    return;
  }
  if (!parent_file.descriptor) return;
  const model::Descriptor& parent = subject.datastore.descriptors[*parent_file.descriptor];
  check_capacity(subject, index, parent.content.capacity_bytes(), out);
  const auto expected = child.content.cid_of_parent();
  if (!expected || !parent.content.cid || *expected == *parent.content.cid) return;
  Finding finding = about_child(Code::chain_cid_mismatch, subject, index);
  finding.evidence.push_back({"parentCID", hex32(*parent.content.cid), hex32(*expected)});
  out.found.push_back(std::move(finding));
}

std::optional<Index> parent_of(const Subject& subject, Index index) {
  const auto& parent = subject.datastore.descriptors[index].parent;
  return parent && parent->file ? subject.file(*parent->file).descriptor : std::nullopt;
}

// Every loop once, at the link whose parent was met before; loops of virtual machines are entered from their disk.
void check_loops(const Subject& subject, Findings& out) {
  std::vector<bool> done(subject.datastore.descriptors.size());
  const auto walk = [&](Index start) {
    std::set<Index> met;
    for (std::optional<Index> at = start; at && !done[*at];) {
      met.insert(*at);
      const auto parent = parent_of(subject, *at);
      if (parent && met.contains(*parent)) {
        Finding finding = about_child(Code::chain_loop, subject, *at);
        finding.evidence.push_back(
            {"parentFileNameHint", "a disk above it", subject.datastore.descriptors[*at].parent->written});
        out.found.push_back(std::move(finding));
        break;
      }
      at = parent;
    }
    for (const Index link : met) done[link] = true;
  };
  for (const JudgedDisk& judged : subject.disks) {
    if (const auto first = judged.disk->chain.front().descriptor) walk(*first);
  }
  for (Index i = 0; i < done.size(); ++i) {
    if (subject.datastore.descriptors[i].judged) walk(i);
  }
}

// ESXi makes no snapshot on top of so many.
void check_length(const Subject& subject, const JudgedDisk& judged, Findings& out) {
  constexpr std::ptrdiff_t max_deltas = 32;
  const auto& chain = judged.disk->chain;
  const auto deltas = std::count_if(chain.begin(), chain.end(), [&](const model::ChainLink& link) {
    return link.descriptor && subject.datastore.descriptors[*link.descriptor].content.has_parent();
  });
  if (deltas < max_deltas || judged.disk->loops) return;
  Finding finding = about_active_link(Code::chain_too_long, subject, judged);
  finding.evidence.push_back({"deltas", "at most " + std::to_string(max_deltas - 1), std::to_string(deltas)});
  out.found.push_back(std::move(finding));
}

}  // namespace

void check_chains(const Subject& subject, Findings& out) {
  for (Index i = 0; i < subject.datastore.descriptors.size(); ++i) check_parent(subject, i, out);
  check_loops(subject, out);
  for (const JudgedDisk& judged : subject.disks) check_length(subject, judged, out);
}

}  // namespace cbtctl::analysis
