// What each finding's fix wants of the machine: one array, one function per finding code, one source per topic of the
// rules. Every fix that touches tracking works on all own links of the disk.
#pragma once

#include <optional>
#include <span>

#include "analysis/finding.h"
#include "analysis/option.h"
#include "model/datastore.h"
#include "repair/intent.h"

namespace cbtctl::repair {

struct FixSubject {
  const model::Datastore& datastore;
  const model::VirtualMachine& machine;
  const analysis::Finding& finding;
  std::optional<analysis::Option> option;  // of a choice
};

struct Fix {
  analysis::Code code{};
  void (*add)(const FixSubject& subject, Intent& intent) = nullptr;
};
[[nodiscard]] std::span<const Fix> fixes();

// Of a disk: as reset does; what was TRUE at both levels starts anew, anything else just loses its tracking.
void restart(const FixSubject& subject, Intent& intent);

// fixes/keys.cpp
void set_missing_disk_key(const FixSubject& subject, Intent& intent);
void set_missing_vm_key(const FixSubject& subject, Intent& intent);
void mend_misspelt_key(const FixSubject& subject, Intent& intent);
void mend_malformed_key(const FixSubject& subject, Intent& intent);
void keep_one_of_duplicates(const FixSubject& subject, Intent& intent);
// fixes/tracking_section.cpp
void mend_version(const FixSubject& subject, Intent& intent);
// fixes/chain.cpp
void adopt_parent_cid(const FixSubject& subject, Intent& intent);

}  // namespace cbtctl::repair
