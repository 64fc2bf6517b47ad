// A descriptor's version that contradicts its tracking section.
#include "repair/fix.h"

namespace cbtctl::repair {

// A section with a version below 3 is a choice: a reader that goes by the version did not track what it wrote.
void mend_version(const FixSubject& subject, Intent& intent) {
  if (subject.finding.fix == analysis::Fix::choice)
    restart(subject, intent);
  else
    intent.lowered.push_back({subject.finding.target, subject.finding.path});
}

}  // namespace cbtctl::repair
