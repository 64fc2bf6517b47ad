#include "repair/belief.h"

#include <algorithm>

#include "repair/journal.h"

namespace cbtctl::repair {
namespace {

using formats::core::ErrorKind;

std::string text_without_number(const std::string& run, Verb verb, MachinePlan machine) {
  machine.number = std::nullopt;
  return to_text({.id = run, .verb = verb, .machines = {std::move(machine)}});
}

bool is_recorded(const Plan& copy) {
  const auto recorded = recorded_run(copy.id);
  if (!recorded || !recorded->plan || recorded->plan->verb != copy.verb) return false;
  const std::string wanted = text_without_number(copy.id, copy.verb, copy.machines.front());
  const auto& machines = recorded->plan->machines;
  return std::any_of(machines.begin(), machines.end(), [&](const MachinePlan& machine) {
    return text_without_number(copy.id, copy.verb, machine) == wanted;
  });
}

}  // namespace

Belief belief_in(const Unfinished& unfinished, const MachinePlan& bound, const std::vector<Site>& sites) {
  if (is_recorded(*unfinished.plan)) return Belief::own;
  const Workplace place{unfinished.run, bound, sites};
  std::optional<std::string> first;
  bool is_whole = true;
  for (const Spot& folder : place.folders()) {
    const auto copy = place.writer(folder).read(place.plan_copy(folder).path);
    if (!copy && copy.error().kind != ErrorKind::missing) return Belief::unknown;
    is_whole = is_whole && copy && (!first || *first == *copy);
    if (copy && !first) first = *copy;
  }
  return is_whole ? Belief::agreed : Belief::partly;
}

}  // namespace cbtctl::repair
