#include "disk/link_facts.h"

namespace cbtctl::disk {

LinkFacts inspect_link(const Chain& chain, std::size_t index) {
  LinkFacts facts;
  chain.visit_link(index, [&](std::uint64_t, const Run& run) {
    switch (run.allocation) {
      case Allocation::data:
        facts.data_bytes += run.length_bytes;
        break;
      case Allocation::zero:
        facts.zero_bytes += run.length_bytes;
        break;
      case Allocation::unreadable:
        facts.unreadable_bytes += run.length_bytes;
        break;
      case Allocation::parent:
        break;
    }
  });
  for (const Link::Part& part : chain.links()[index].parts) {
    if (part.extent == nullptr) continue;
    const auto defects = part.extent->check(Scrutiny::everything);
    if (!defects) continue;  // the map shows what could not be read
    for (const auto& defect : *defects) facts.defects.push_back({part.path, defect});
  }
  return facts;
}

}  // namespace cbtctl::disk
