// Carries out a plan that was made earlier, maybe elsewhere: every guard is asked again, and every file must be what it
// was.
#include <algorithm>

#include "cli/exit_status.h"
#include "cli/look.h"
#include "cli/run_plan.h"
#include "cli/ssh_options.h"
#include "cli/text_file.h"
#include "log/log.h"
#include "repair/trace.h"

namespace cbtctl::cli {

namespace {

// Of the operator's own, and of those that left something where the plan goes.
std::string newest_of(const repair::Plan& plan, const std::vector<repair::Site>& sites) {
  std::string newest = repair::newest_recorded();
  for (const repair::MachinePlan& machine : plan.machines) {
    const auto own_sites = repair::sites_of(machine, sites);
    newest = std::max(newest, repair::newest_run({plan.id, machine, own_sites}));
  }
  return newest;
}

void refuse_done(repair::Plan& plan, const std::vector<repair::Site>& sites) {
  std::erase_if(plan.machines, [&](const repair::MachinePlan& machine) {
    const auto own_sites = repair::sites_of(machine, sites);
    if (!repair::is_done_already({plan.id, machine, own_sites})) return false;
    plan.refused.push_back({machine.vm, repair::Reason::already_done, "all that the plan would do is done already",
                            machine.roots.front().target, machine.name});
    return true;
  });
}

}  // namespace

int run_apply(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own("Options of apply");
  add_change_options(own);
  own.texts("map", "REMOTE=LOCAL: where absolute paths inside files are found");
  add_ssh_options(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl apply --help";
  if (line.arguments.size() != 1) return usage_error("apply needs one plan", help);
  const auto text = read_text_file(line.arguments.front());
  if (!text) {
    log::error(text.error().message);
    return exit_incomplete;
  }
  auto plan = repair::plan_from_text(*text);
  if (!plan) return usage_error(line.arguments.front() + ": " + plan.error().message, help);
  auto mappings = mappings_of(line);
  if (!mappings) return usage_error(mappings.error().message, help);
  plan->refused.clear();
  plan->unchanged.clear();
  for (repair::MachinePlan& machine : plan->machines)
    machine.kept_by_number = true;  // whoever wrote it: this run keeps
  const auto opened = places_of(plan->machines, line);
  if (!opened) return usage_error(opened.error().message, help);
  const PlanPlaces& places = *opened;
  refuse_unreachable(*plan, places);
  const repair::Look look = look_through(places.places, *mappings);
  int status = exit_done;
  Stopped stopped = find_stopped(folders_of(plan->machines), places.sites);
  // Whoever holds a folder of the plan is in its way.
  const repair::Look back = look_back_through(places.places, *mappings);
  const Recovering recovering{places.sites, back, line, [](model::Index, const std::string&) { return true; }};
  if (const auto wrong = ambiguous_take_over(stopped, recovering)) return usage_error(*wrong, help);
  if (const auto wrong = vouch(line, *plan)) return usage_error(*wrong, help);
  if (!recover_stopped(stopped, recovering, status)) return say_no();
  plan->id = repair::new_run_id(newest_of(*plan, places.sites));
  refuse_done(*plan, places.sites);
  const bool waits = !stopped.found.empty() && !may_change(line);
  stopped.take_out(*plan, true);
  return run_plan({.verb = repair::Verb::apply,
                   .plan = std::move(*plan),
                   .targets = places.targets,
                   .sites = places.sites,
                   .look = look,
                   .look_everywhere = look_everywhere(places.places, *mappings),
                   .recovered = stopped.results,
                   .status = status,
                   .is_old = true,
                   .waits = waits},
                  line);
}

}  // namespace cbtctl::cli
