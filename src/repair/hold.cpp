// The lock is that of a run without a plan: where its process dies, the next verb that writes finds that nothing was
// begun and takes the lock away.
#include "repair/hold.h"

#include "formats/core/path.h"
#include "repair/lock.h"

namespace cbtctl::repair {

Hold::Hold(const std::string& folder, const Site& site, const std::string& newest_run)
    : run_(new_run_id(newest_run)), sites_{site} {
  machine_.roots = {{0, site.root}};
  machine_.vm = formats::core::join(folder, "purge");
  machine_.has_machine = false;
}

formats::core::Result<std::unique_ptr<Hold>> Hold::take(const std::string& folder, const Site& site,
                                                        const std::string& newest_run) {
  std::unique_ptr<Hold> hold(new Hold(folder, site, newest_run));
  const Workplace place{hold->run_, hold->machine_, hold->sites_};
  formats::core::Status status = place.enter();
  if (status) status = lock(place);
  hold->is_held_ = status.has_value();
  if (hold->is_held_) return hold;
  place.leave();
  place.remove_if_empty();
  return status.error();
}

Hold::~Hold() {
  if (!is_held_) return;
  const Workplace place{run_, machine_, sites_};
  unlock(place);
  place.remove_if_empty();
}

}  // namespace cbtctl::repair
