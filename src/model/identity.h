// What makes a file the same file, whoever looks at it and however: its volume's UUID and its path there, where a UUID
// is known, else the real path. Fingerprints, baselines and comparisons go by it, never by the number of a target.
#pragma once

#include <string>
#include <string_view>

#include "model/datastore.h"

namespace cbtctl::model {

// "/vmfs/volumes/65f1c2aa-3b0c9d1e-77aa-0050569a1b2c/web01/web01.vmx", "/mnt/ds1/web01/web01.vmx",
// "ssh://root@esx1/tmp/web01/web01.vmx". `path` as File has it.
[[nodiscard]] std::string identity_of(const std::vector<Target>& targets, Index target, std::string_view path);
[[nodiscard]] std::string identity_of(const Datastore& datastore, const File& file);

// Whether a file of that identity lies at or below one of the targets that could be read.
[[nodiscard]] bool is_looked_at(const std::vector<Target>& targets, std::string_view identity);

// Two looks at one target each, neither of which knows a volume, are looks at the same: a datastore and its copy.
[[nodiscard]] bool are_single_and_nameless(const std::vector<Target>& before, const std::vector<Target>& now);

}  // namespace cbtctl::model
