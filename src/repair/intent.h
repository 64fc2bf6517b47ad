// What a machine shall be like, whatever it is like now: kept with the plan, so that the way there can be planned again
// (before the first write, or after an interruption) from what is found then.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cbtctl::repair {

// A file or folder below a root: the index of a target while planning, of MachinePlan::roots in a plan.
struct Spot {
  std::size_t root = 0;
  std::string path;
  friend auto operator<=>(const Spot&, const Spot&) = default;  // NOLINT(modernize-use-nullptr)
};

struct DiskIntent {
  std::optional<bool> key;  // nothing: as it is
  bool strip = false;       // every CTK line and CTK file of its own links goes
};

struct Intent {
  std::optional<bool> vm_key;
  std::map<std::string, DiskIntent> disks;                // by slot
  std::map<std::string, bool> flags;                      // other keys of the .vmx that are TRUE or FALSE
  std::vector<std::string> removed_keys;                  // of the .vmx
  std::vector<std::pair<std::string, bool>> kept_keys;    // a key that stands twice, and whether its first stays
  std::vector<Spot> lowered;                              // descriptors: version 3 back to 1
  std::vector<std::pair<Spot, std::string>> parent_cids;  // descriptors and their new parentCID
  std::vector<Spot> unnamed;                              // CTK files that no descriptor names
  std::int64_t least_age_ns = 0;                          // of those
  [[nodiscard]] bool touches_tracking() const { return vm_key || !disks.empty(); }
  [[nodiscard]] bool touches_machine() const {
    return touches_tracking() || !flags.empty() || !removed_keys.empty() || !kept_keys.empty() || !lowered.empty() ||
           !parent_cids.empty();
  }
};

}  // namespace cbtctl::repair
