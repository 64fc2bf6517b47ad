#include "model/same_machine.h"

#include "formats/core/ascii.h"
#include "formats/core/path.h"

namespace cbtctl::model {

bool is_same_machine(const Datastore& datastore, const VirtualMachine& a, const VirtualMachine& b) {
  if (&a == &b || a.file == b.file) return true;
  if (a.settings.uuid_bios.empty() || !formats::core::equal_ignoring_case(a.settings.uuid_bios, b.settings.uuid_bios))
    return false;
  const File& first = datastore.files[a.file];
  const File& second = datastore.files[b.file];
  return first.target == second.target && formats::core::parent_of(first.path) == formats::core::parent_of(second.path);
}

}  // namespace cbtctl::model
