// A machine as an intent will leave it.
#pragma once

#include "model/cbt_state.h"
#include "model/datastore.h"
#include "repair/intent.h"

namespace cbtctl::repair {

class Outlook {
 public:
  // Looks at both whenever it is asked; they must outlive it.
  Outlook(const model::VirtualMachine& machine, const Intent& intent) : machine_(machine), intent_(intent) {}

  [[nodiscard]] bool is_touched(const model::Disk& disk) const { return intent_.disks.contains(disk.settings.slot); }
  [[nodiscard]] bool is_stripped(const model::Disk& disk) const;
  // A disk stays tracked as it is where its key is TRUE and it is not stripped.
  [[nodiscard]] bool some_stays() const;
  [[nodiscard]] bool is_machine_on() const;
  [[nodiscard]] bool is_on(const formats::vmx::Disk& disk) const;
  // By this intent, be it that the key is TRUE already.
  [[nodiscard]] bool is_set_on(const model::Disk& disk) const;
  [[nodiscard]] bool is_disallowed() const;
  // What a disk without any tracking section is then; contract, section 5.
  [[nodiscard]] model::CbtState state_without_tracking(const formats::vmx::Disk& disk) const;

 private:
  const model::VirtualMachine& machine_;
  const Intent& intent_;
};

}  // namespace cbtctl::repair
