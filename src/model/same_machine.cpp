#include "model/same_machine.h"

#include "formats/core/ascii.h"

namespace cbtctl::model {

bool is_same_machine(const Datastore& datastore, const VirtualMachine& a, const VirtualMachine& b) {
  if (&a == &b || a.file == b.file) return true;
  if (a.settings.uuid_bios.empty() || !formats::core::equal_ignoring_case(a.settings.uuid_bios, b.settings.uuid_bios))
    return false;
  return lies_beside(datastore.files[a.file], datastore.files[b.file]);
}

}  // namespace cbtctl::model
