// The second half of every writing verb: show the plan, ask, carry it out, prove it.
#pragma once

#include <vector>

#include "cli/targets.h"
#include "repair/executor.h"
#include "repair/planner.h"

namespace cbtctl::cli {

// --yes, --dry-run, --plan-out, --assume-powered-off, --jobs: the options of every verb that changes files.
void add_change_options(options::options_description& own);

// One per place; a place that cannot be written has none.
[[nodiscard]] std::vector<repair::Site> sites_of(const std::vector<discovery::Place>& places);

// "yes" on the terminal, or --yes. Nothing: no terminal, told already.
[[nodiscard]] std::optional<bool> is_agreed(const CommandLine& line, const std::string& question);

// Whether the machine is still proven off, by a fresh look at its folder.
[[nodiscard]] repair::PowerGuard power_guard(std::vector<std::string> assumed_off);

// A plan of one target each of `plan.machines`; `status` is what is known so far. Prints everything; the exit status.
int run_plan(repair::Plan plan, const std::vector<model::Target>& targets, const std::vector<repair::Site>& sites,
             const CommandLine& line, int status);

}  // namespace cbtctl::cli
