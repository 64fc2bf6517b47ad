// Where plans are carried out: the targets of a verb, or the roots that plans name.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "discovery/place.h"
#include "model/datastore.h"
#include "repair/planner.h"

namespace cbtctl::cli {

// One per place; a place that cannot be written has no writer.
[[nodiscard]] std::vector<repair::Site> sites_of(const std::vector<discovery::Place>& places);

// The targets and sites of plans, by the roots that they name; sets their Root::target. `usage`: an option is wrong.
struct PlanPlaces {
  std::vector<model::Target> targets;
  std::vector<repair::Site> sites;
  std::vector<discovery::Place> places;
};
[[nodiscard]] formats::core::Result<PlanPlaces> places_of(std::vector<repair::MachinePlan>& machines,
                                                          const CommandLine& line);

// Every folder that the plans change; roots are targets.
[[nodiscard]] std::vector<repair::Spot> folders_of(const std::vector<repair::MachinePlan>& machines);
// Machines whose places cannot be had, which is told.
void refuse_unreachable(repair::Plan& plan, const PlanPlaces& places);
// What refusals add to the exit status: who could not be reached was not looked at.
[[nodiscard]] int status_of_refusals(const repair::Plan& plan);

}  // namespace cbtctl::cli
