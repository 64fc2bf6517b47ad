// The allocation map of a disk: which ranges hold data, in which link. A map may be longer than memory: it is walked
// and printed a piece at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "report/chain.h"

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
};

// Takes the next piece of the report; false: it could not be written, and no more is made.
using TextSink = std::function<bool(std::string_view)>;
[[nodiscard]] bool print_extents_table(const std::vector<MappedChain>& chains, const Style& style,
                                       const TextSink& sink);
[[nodiscard]] bool print_extents_csv(const std::vector<MappedChain>& chains, const TextSink& sink);
[[nodiscard]] bool print_extents_json(const std::vector<MappedChain>& chains, int exit_status, const TextSink& sink);

}  // namespace cbtctl::report
