// The allocation map of a disk: which ranges hold data, in which link. A map may be longer than memory: then it is
// walked once more to be printed.
#pragma once

#include <vector>

#include "report/chain.h"
#include "report/printer.h"
#include "report/provenance.h"

namespace cbtctl::report {

struct MapTotals {
  std::uint64_t extents = 0;
  std::uint64_t data_bytes = 0;
  std::uint64_t zero_bytes = 0;
  std::uint64_t unreadable_bytes = 0;
  void add(const disk::MapExtent& extent);
};
struct MappedChain {
  ChainSubject subject;
  MapTotals totals;
  std::vector<disk::MapExtent> extents;  // all of them, or none where they are too many to keep
  // In order, until the sink has enough. Precondition: there is a chain.
  void visit(const disk::Chain::MapSink& sink) const;
};

[[nodiscard]] bool print_extents_table(const std::vector<MappedChain>& chains, const Style& style,
                                       const TextSink& sink);
[[nodiscard]] bool print_extents_csv(const std::vector<MappedChain>& chains, const TextSink& sink);
[[nodiscard]] bool print_extents_json(const std::vector<MappedChain>& chains, int exit_status, const TextSink& sink,
                                      const ProvenanceOf& provenance = {});

}  // namespace cbtctl::report
