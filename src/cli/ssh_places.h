// Targets on hosts, as places to look: many hosts at once.
#pragma once

#include <vector>

#include "cli/host_progress.h"
#include "discovery/place.h"
#include "storage/location.h"
#include "storage/ssh_options.h"

namespace cbtctl::cli {

// One place per target, in their order, of `jobs` hosts at a time; a host that cannot be reached or read has its error.
// `walks`: their folders are listed next, with all that is below.
[[nodiscard]] std::vector<discovery::Place> open_ssh_places(const std::vector<storage::Location>& targets,
                                                            storage::SshOptions options, unsigned jobs, bool walks,
                                                            HostProgress& progress);

// What each host's connection has cost so far, on standard error with --verbose.
void tell_costs(const std::vector<discovery::Place>& places);

}  // namespace cbtctl::cli
