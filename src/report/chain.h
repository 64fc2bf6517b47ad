// A chain as a tree, and its allocation map.
#pragma once

#include <string>
#include <vector>

#include "disk/chain.h"
#include "formats/vmsd/snapshots.h"
#include "report/table.h"

namespace cbtctl::report {

struct ChainSubject {
  std::string vm;
  std::string slot;
  std::string path;
  const disk::Chain* chain = nullptr;  // nothing: `error` says why
  std::string error;
  const formats::vmsd::SnapshotList* snapshots = nullptr;
};

[[nodiscard]] std::string chain_tree(const std::vector<ChainSubject>& subjects, const Style& style);
[[nodiscard]] std::string chain_json(const std::vector<ChainSubject>& subjects, int exit_status);

struct MappedChain {
  ChainSubject subject;
  std::vector<disk::MapExtent> extents;
};
[[nodiscard]] std::string extents_table(const std::vector<MappedChain>& chains, const Style& style);
[[nodiscard]] std::string extents_csv(const std::vector<MappedChain>& chains);
[[nodiscard]] std::string extents_json(const std::vector<MappedChain>& chains, int exit_status);

}  // namespace cbtctl::report
