#include "model/completeness.h"

namespace cbtctl::model {

Completeness completeness_of(const Power* machine, std::uint32_t flags) {
  if (machine != nullptr && machine->state != PowerState::off) {
    // Without its evidence, which a host tells otherwise than a mount does.
    return {
        false,
        "the machine is not proven off: what was written since the last event may stand in the kernel's bitmap alone",
        true};
  }
  if (flags != 0) {
    return {std::nullopt, "the flag word of the CTK file's header, at offset 8, is " + std::to_string(flags) +
                              ": it may be the mark of an unclean stop"};
  }
  if (machine == nullptr) return {std::nullopt, "nothing beside the CTK file tells whether its machine was stopped"};
  return {true, {}};
}

Completeness both(const Completeness& a, const Completeness& b) {
  if (a.complete == false || b.complete == true) return a;
  return b.complete == false || a.complete == true ? b : a;
}

}  // namespace cbtctl::model
