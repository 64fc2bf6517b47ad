#include "repair/trace.h"

#include <algorithm>
#include <set>

#include "formats/core/path.h"
#include "repair/lock.h"
#include "repair/standing.h"

namespace cbtctl::repair {
namespace {

using formats::core::file_name;
using formats::core::join;

std::vector<std::string> names_in(storage::Writer& writer, const std::string& folder) {
  auto names = writer.list(folder);
  return names ? std::move(*names) : std::vector<std::string>{};
}

std::vector<std::string> runs_in(const Workplace& place, const Spot& folder) {
  std::vector<std::string> runs = names_in(place.writer(folder), place.own_folder(folder).path);
  std::erase_if(runs, [](const std::string& name) { return !is_run_id(name); });
  std::sort(runs.begin(), runs.end());
  return runs;
}

// The names of the files of this folder that the plan changes.
std::set<std::string> changed_in(const Workplace& place, const Spot& folder) {
  std::set<std::string> names;
  for (const Change& change : place.machine.changes) {
    if (change.spot.root == folder.root && formats::core::parent_of(change.spot.path) == folder.path)
      names.insert(std::string(file_name(change.spot.path)));
  }
  return names;
}

// A file that was created and lies in the run's folder: the run was taken back.
bool lies_aside(const MachinePlan& machine, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < machine.changes.size(); ++i) {
    if (machine.changes[i].kind == ChangeKind::create &&
        std::find(names.begin(), names.end(), aside_name(machine, i)) != names.end())
      return true;
  }
  return false;
}

// Whether a run still keeps one of these files here, by the plans that lie in its folder. A file of that name in
// another of its folders counts too, and so does a plan of a later version: rather one refusal too many.
bool keeps_any(const Workplace& place, const Spot& folder, const std::string& run, const std::set<std::string>& names) {
  storage::Writer& writer = place.writer(folder);
  const std::string run_folder = run_folder_of(folder.path, run);
  const auto in_folder = names_in(writer, run_folder);
  for (const std::string& name : in_folder) {
    if (!name.ends_with(plan_copy_suffix)) continue;
    const auto text = writer.read(join(run_folder, name));
    const auto plan = text ? plan_from_text(*text) : formats::core::Result<Plan>(text.error());
    if (!plan && plan.error().kind == formats::core::ErrorKind::unsupported) return true;
    if (!plan) continue;
    for (const MachinePlan& machine : plan->machines) {
      if (lies_aside(machine, in_folder)) continue;
      const bool touches = std::any_of(machine.changes.begin(), machine.changes.end(), [&](const Change& change) {
        return names.contains(std::string(file_name(change.spot.path)));
      });
      if (touches) return true;
    }
  }
  return false;
}

}  // namespace

bool has_trace(const Workplace& place) {
  for (const Spot& folder : place.folders()) {
    if (place.exists(place.plan_copy(folder))) return true;
  }
  return std::any_of(place.machine.changes.begin(), place.machine.changes.end(),
                     [&](const Change& change) { return place.exists(place.kept(change.spot)); });
}

bool is_done_already(const Workplace& place) {
  for (const auto& [spot, contents] : contents_of(place.machine)) {
    const auto digest = place.digest_at(spot);
    if (!digest || *digest != contents.digests.back() || contents.digests.back() == contents.digests.front())
      return false;
  }
  return !place.machine.changes.empty() &&
         std::none_of(place.machine.changes.begin(), place.machine.changes.end(), [&](const Change& change) {
           return change.kind == ChangeKind::quarantine && place.exists(change.spot);
         });
}

void clear_away(const Workplace& place) {
  const auto folders = place.folders();
  const auto is_there = [&](const Spot& folder) { return place.exists(place.run_folder(folder)); };
  if (std::none_of(folders.begin(), folders.end(), is_there)) return place.remove_if_empty();
  if (!place.enter()) return;
  if (!lock(place)) return place.leave();
  static_cast<void>(place.take_over());
  if (!has_begun(place) && check_untouched(place))
    vanish(place);
  else
    unlock(place);
}

std::optional<Refusal> refuse_out_of_order(const Workplace& place) {
  std::optional<std::string> newest;
  for (const Spot& folder : place.folders()) {
    const auto names = changed_in(place, folder);
    for (const std::string& run : runs_in(place, folder)) {
      if (run > place.run && (!newest || run > *newest) && keeps_any(place, folder, run, names)) newest = run;
    }
  }
  if (!newest) return std::nullopt;
  return Refusal{place.machine.vm, Reason::changed_meanwhile,
                 "run " + *newest + " changed its files later: take that back first"};
}

std::string newest_run(const Workplace& place) {
  std::string newest;
  for (const Spot& folder : place.folders()) {
    const auto runs = runs_in(place, folder);
    if (!runs.empty()) newest = std::max(newest, runs.back());
  }
  return newest;
}

}  // namespace cbtctl::repair
