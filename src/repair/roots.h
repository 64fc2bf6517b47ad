// The roots of one machine's plan, gathered while it is made: the target of the .vmx first.
#pragma once

#include <optional>

#include "repair/plan.h"
#include "repair/planner.h"

namespace cbtctl::repair {

class Roots {
 public:
  Roots(const model::Datastore& datastore, const std::vector<Site>& sites, model::Index first)
      : datastore_(datastore), sites_(sites) {
    index_of(first);
  }

  // Nothing: no target of this scan.
  std::optional<Spot> spot_of(const model::File& file) { return spot_of(file.target, file.path); }
  std::optional<Spot> spot_of(model::Index target, const std::string& path) {
    if (target >= datastore_.targets.size() || target >= sites_.size()) return std::nullopt;
    return Spot{index_of(target), path};
  }
  // Nothing: it cannot be written.
  [[nodiscard]] storage::Writer* writer(const Spot& spot) const {
    return sites_[roots_[spot.root].target].writer.get();
  }
  [[nodiscard]] const std::vector<Root>& all() const { return roots_; }

 private:
  std::size_t index_of(model::Index target) {
    for (std::size_t i = 0; i < roots_.size(); ++i) {
      if (roots_[i].target == target) return i;
    }
    roots_.push_back({target, target < sites_.size() ? sites_[target].root : std::string()});
    return roots_.size() - 1;
  }

  const model::Datastore& datastore_;
  const std::vector<Site>& sites_;
  std::vector<Root> roots_;
};

}  // namespace cbtctl::repair
