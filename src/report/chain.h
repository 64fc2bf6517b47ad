// A snapshot chain as a tree: what each link is, what it holds, and what becomes of its tracking.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/cbt_state.h"
#include "disk/link_facts.h"
#include "formats/vmsd/snapshots.h"
#include "report/provenance.h"
#include "report/table.h"

namespace cbtctl::report {

// One disk, as a verb was given it.
struct ChainSubject {
  std::string vm;    // the .vmx; empty where the disk itself was named
  std::string slot;  // of that VM
  std::string path;
  const disk::Chain* chain = nullptr;  // nothing: `error` says why
  std::string error;
  const formats::vmsd::SnapshotList* snapshots = nullptr;
};

// The CTK file that a link's descriptor names.
struct LinkTracking {
  std::string path;  // as found; as written where it was not
  bool exists = false;
  std::optional<std::uint64_t> size_bytes;
  analysis::TrackingVerdict verdict;
};

struct InspectedChain {
  ChainSubject subject;
  std::vector<disk::LinkFacts> facts;                 // by link
  std::vector<std::optional<LinkTracking>> tracking;  // by link; nothing: the descriptor names none
};

// The snapshot that froze the link, by the name of its file; `slot` may be empty. Nothing: none did.
[[nodiscard]] const formats::vmsd::Snapshot* snapshot_of(const formats::vmsd::SnapshotList& list,
                                                         const std::string& slot, const disk::Link& link);

[[nodiscard]] std::string chain_tree(const std::vector<InspectedChain>& chains, const Style& style);
[[nodiscard]] std::string chain_json(const std::vector<InspectedChain>& chains, int exit_status,
                                     const ProvenanceOf& provenance = {});

}  // namespace cbtctl::report
