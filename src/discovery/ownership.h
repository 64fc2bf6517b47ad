// Which links of a chain belong to a virtual machine itself: contract, section 5. The last word on it; who judges,
// plans or writes goes by `ChainLink::own`, which is told here.
#pragma once

#include <optional>
#include <vector>

#include "discovery/loader.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

class Ownership {
 public:
  // Whatever was read is known by now, with the files that it names.
  Ownership(const Loader& loader, const model::Datastore& datastore);

  // The links as one machine sees them, while the whole lives.
  class View {
   public:
    View(const Ownership& all, model::Index machine);

    [[nodiscard]] bool owns_active(model::Index file) const;
    // `above` is own.
    [[nodiscard]] bool owns_parent(model::Index file, model::Index above) const;
    // Only since a workingDir leads there by its tail, which no change may rest on.
    [[nodiscard]] bool rests_on_tail(model::Index file) const;

   private:
    [[nodiscard]] bool is_at_home(const Spot& spot) const;
    [[nodiscard]] bool is_another(model::Index machine) const;

    const Ownership& all_;
    model::Index machine_;
    Spot home_;                        // the folder of its .vmx
    std::optional<Resolved> working_;  // its workingDir, where that is another
  };
  [[nodiscard]] View of(model::Index machine) const { return {*this, machine}; }

 private:
  // A machine runs on a file, or a snapshot of its .vmsd froze it.
  struct Use {
    model::Index file = 0;
    model::Index machine = 0;
    friend auto operator<=>(const Use&, const Use&) = default;  // NOLINT(modernize-use-nullptr)
  };
  using Uses = std::vector<Use>;  // in order
  template <typename Claim>
  static bool any_of(const Uses& uses, model::Index file, Claim&& claim);
  [[nodiscard]] Spot folder_of(model::Index machine) const;

  const Loader& loader_;
  const model::Datastore& datastore_;
  Uses running_;
  Uses frozen_;
};

}  // namespace cbtctl::discovery
