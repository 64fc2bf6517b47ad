#include "repair/lock.h"

#include <algorithm>
#include <functional>
#include <set>

#include "formats/core/path.h"
#include "repair/journal.h"

namespace cbtctl::repair {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::file_name;
using formats::core::join;
using formats::core::Status;
using formats::core::success;

std::string marker_name(const std::string& run, const std::string& token, const std::string& vm) {
  return run + "." + token + "." + std::string(file_name(vm));
}

// Nothing: there is no lock.
std::optional<std::vector<Marker>> markers_in(const Spot& folder, storage::Writer& writer) {
  const auto names = writer.list(lock_folder_of(folder.path));
  if (!names) return std::nullopt;
  std::vector<Marker> markers;
  for (const std::string& name : *names) {
    markers.push_back(marker_from(name).value_or(Marker{.name = name, .run = {}, .token = {}, .vm_name = {}}));
  }
  std::sort(markers.begin(), markers.end(), [](const Marker& a, const Marker& b) { return a.name < b.name; });
  return markers;
}

std::string own_token() { return token_of(this_owner()); }

Error held(const Spot& folder, storage::Writer& writer) {
  const auto other = find_unfinished(folder, writer);
  return {ErrorKind::in_use,
          join(folder.path, ".cbtctl/lock") + " is held by " + (other ? other->owner : "a run that ended just now")};
}

Status put_marker(const Workplace& place, const Spot& folder) {
  const std::string name = marker_name(place.run, own_token(), place.machine.vm);
  const Status made = place.writer(folder).create(join(lock_folder_of(folder.path), name), {}, {});
  return made || made.error().kind == ErrorKind::usage ? success() : made;  // it is this process that is there
}

// The folder and the file in it at once.
Status make_lock(const Workplace& place, const Spot& folder) {
  return place.together([&] {
    const Status made = place.writer(folder).make_folder(lock_folder_of(folder.path));
    return made ? put_marker(place, folder) : made;
  });
}

Status lock_one(const Workplace& place, const Spot& folder) {
  storage::Writer& writer = place.writer(folder);
  Status made = make_lock(place, folder);
  if (!made && made.error().kind == ErrorKind::missing) {  // of a run that had nearly gone
    static_cast<void>(writer.ensure_folder(own_folder_of(folder.path)));
    made = make_lock(place, folder);
  }
  if (made) return made;
  if (made.error().kind != ErrorKind::usage) {
    writer.try_remove_empty_folder(lock_folder_of(folder.path));
    return made;
  }
  const auto markers = markers_in(folder, writer);
  const bool mine = markers && !markers->empty() && std::all_of(markers->begin(), markers->end(), [](const auto& each) {
                      return each.token == own_token();
                    });
  return mine ? put_marker(place, folder) : Status(held(folder, writer));
}

void unlock_one(const Workplace& place, const Spot& folder) {
  storage::Writer& writer = place.writer(folder);
  writer.try_remove_file(join(lock_folder_of(folder.path), marker_name(place.run, own_token(), place.machine.vm)));
  writer.try_remove_empty_folder(lock_folder_of(folder.path));
}

// Who removes a dead owner's file is the next owner; a lock without any is shared out by looking who else is there.
Status claim_one(const Workplace& place, const Spot& folder, bool taken_over) {
  storage::Writer& writer = place.writer(folder);
  const auto before = markers_in(folder, writer);
  if (!before) return lock_one(place, folder);
  if (const Status marked = put_marker(place, folder); !marked) return marked;
  bool first = true;
  for (const Marker& marker : *before) {
    const bool goes = marker.run == place.run || (marker.run.empty() && taken_over);
    if (!goes || marker.token == own_token()) continue;
    const Status removed = writer.remove_file(join(lock_folder_of(folder.path), marker.name));
    if (!removed && first) {
      unlock_one(place, folder);
      return held(folder, writer);
    }
    first = false;
  }
  const auto after = markers_in(folder, writer);
  const bool alone = after && std::all_of(after->begin(), after->end(), [&](const Marker& marker) {
                       const Life life = marker.token == own_token() ? Life::dead : life_of(marker.token);
                       return life == Life::dead || (life == Life::cannot_tell && taken_over);
                     });
  if (alone) return success();
  unlock_one(place, folder);
  return held(folder, writer);
}

// What was locked is changed only as long as this process holds it.
void only_while_locked(const Workplace& place) {
  std::set<storage::Writer*> done;
  for (const Spot& folder : place.folders()) {
    if (!done.insert(&place.writer(folder)).second) continue;
    place.writer(folder).only_while(
        join(lock_folder_of(folder.path), marker_name(place.run, own_token(), place.machine.vm)));
  }
}

Status for_all(const Workplace& place, const std::function<Status(const Workplace&, const Spot&)>& take) {
  std::vector<Spot> taken;
  for (const Spot& folder : place.folders()) {
    const Status one = take(place, folder);
    if (one) {
      taken.push_back(folder);
      continue;
    }
    for (const Spot& each : taken) unlock_one(place, each);
    return one;
  }
  only_while_locked(place);
  return success();
}

// Of one machine.
formats::core::Result<Plan> plan_at(const std::string& path, storage::Writer& writer) {
  const auto text = writer.read(path);
  if (!text) return text.error();
  auto plan = plan_from_text(*text);
  if (plan && plan->machines.size() != 1) return Error{ErrorKind::malformed, "is no plan of one machine"};
  return plan;
}

// The copy beside a lock: a plan of another run or machine is not that of this lock, whoever put it there.
formats::core::Result<Plan> plan_of(const Unfinished& found, storage::Writer& writer) {
  auto plan = plan_at(plan_copy_of(found.folder.path, found.run, found.vm_name), writer);
  if (plan && (plan->id != found.run || file_name(plan->machines.front().vm) != found.vm_name))
    return Error{ErrorKind::malformed, "is the plan of another run"};
  return plan;
}

// The operator's own copy, where this is the operator.
std::optional<Plan> local_plan(const std::string& run, const std::string& vm_name) {
  auto recorded = recorded_run(run);
  if (!recorded || !recorded->plan) return std::nullopt;
  std::erase_if(recorded->plan->machines, [&](const MachinePlan& machine) { return file_name(machine.vm) != vm_name; });
  return recorded->plan->machines.size() == 1 ? std::move(recorded->plan) : std::nullopt;
}

// The lock is empty: its run was stopped, or is, between making it and saying so. The newest run's folder in which
// somebody is at work tells who.
std::optional<Marker> find_silent(const Spot& folder, storage::Writer& writer) {
  std::optional<Marker> found;
  const auto runs = writer.list(own_folder_of(folder.path));
  for (const std::string& run : runs ? *runs : std::vector<std::string>{}) {
    if (!is_run_id(run) || (found && run < found->run)) continue;
    const auto names = writer.list(run_folder_of(folder.path, run));
    for (const std::string& name : names ? *names : std::vector<std::string>{}) {
      if (const auto at_work = at_work_from(name)) found = Marker{{}, run, at_work->token, at_work->vm_name};
    }
  }
  return found;
}

// What a run's folder says of its format where that is a later one; empty: it is not.
std::string later_format_of(const Spot& folder, const std::string& run, storage::Writer& writer) {
  const auto names = writer.list(run_folder_of(folder.path, run));
  for (const std::string& name : names ? *names : std::vector<std::string>{}) {
    if (!name.ends_with(plan_copy_suffix)) continue;
    const auto plan = plan_at(join(run_folder_of(folder.path, run), name), writer);
    if (!plan && plan.error().kind == ErrorKind::unsupported) return plan.error().message;
  }
  return {};
}

// The same of the lock: of the run that it names, or, where that cannot be told, of any that lies there.
std::string later_format_of(const Spot& folder, const std::vector<Marker>& markers, const std::string& run,
                            storage::Writer& writer) {
  const bool is_plain = std::none_of(markers.begin(), markers.end(), [](const auto& each) { return each.run.empty(); });
  if (is_plain && !run.empty()) return later_format_of(folder, run, writer);
  const auto runs = writer.list(own_folder_of(folder.path));
  for (const std::string& each : runs ? *runs : std::vector<std::string>{}) {
    auto later = is_called_like_run(each) ? later_format_of(folder, each, writer) : std::string();
    if (!later.empty()) return "run " + each + ": " + later;
  }
  return {};
}

const Marker* newest_of(const std::vector<Marker>& markers) {
  const auto newest =
      std::find_if(markers.rbegin(), markers.rend(), [](const auto& each) { return !each.run.empty(); });
  return newest == markers.rend() ? nullptr : &*newest;
}

std::string in_words(const std::optional<Marker>& marker, const std::optional<Plan>& plan,
                     const std::vector<Marker>& all) {
  if (!marker && !all.empty()) return "somebody whom this version cannot tell, " + all.front().name;
  if (!marker) return "nobody who can be told";
  const bool is_plans = plan && plan->owner && token_of(*plan->owner) == marker->token;
  const std::string process = std::to_string(process_of(marker->token));
  return (is_plans ? described(*plan->owner) : "process " + process) + ", run " + marker->run;
}

Life life_of_all(const std::vector<Marker>& markers) {
  Life life = Life::dead;
  for (const Marker& marker : markers) {
    const Life one = life_of(marker.token);
    if (one == Life::alive || (one == Life::cannot_tell && life == Life::dead)) life = one;
  }
  return life;
}

}  // namespace

std::optional<Marker> marker_from(const std::string& name) {
  const std::size_t first = name.find('.');
  const std::size_t second = first == std::string::npos ? first : name.find('.', first + 1);
  if (second == std::string::npos) return std::nullopt;
  Marker marker{name, name.substr(0, first), name.substr(first + 1, second - first - 1), name.substr(second + 1)};
  return is_run_id(marker.run) && is_token(marker.token) && !marker.vm_name.empty() ? std::optional(marker)
                                                                                    : std::nullopt;
}

Status lock(const Workplace& place) { return for_all(place, lock_one); }
Status claim(const Workplace& place, bool taken_over) {
  Status claimed =
      for_all(place, [=](const Workplace& at, const Spot& folder) { return claim_one(at, folder, taken_over); });
  if (claimed) claimed = place.take_over();
  return claimed;
}

// The lock goes before what names its owner in the run's folder.
void unlock(const Workplace& place) {
  static_cast<void>(place.together([&] {
    for (const Spot& folder : place.folders()) place.writer(folder).only_while({});
    for (const Spot& folder : place.folders()) unlock_one(place, folder);
    place.leave();
    for (const Spot& folder : place.folders())  // stays while a run's folder is in it
      place.writer(folder).try_remove_empty_folder(place.own_folder(folder).path);
    return success();
  }));
}

// The other way round the lock would be nobody's for a moment.
void vanish(const Workplace& place) {
  static_cast<void>(place.together([&] {
    place.remove_waiting();
    place.remove_kept();
    unlock(place);
    place.remove_plan();
    return success();
  }));
}

std::optional<Unfinished> find_unfinished(const Spot& folder, storage::Writer& writer) {
  const auto markers = markers_in(folder, writer);
  if (!markers) return std::nullopt;
  const Marker* named = newest_of(*markers);
  const auto newest = named != nullptr ? std::optional(*named) : find_silent(folder, writer);
  Unfinished found{.folder = folder, .run = {}, .vm_name = {}, .plan = {}, .owner = {}};
  if (newest) {
    found.run = newest->run;
    found.vm_name = newest->vm_name;
    auto copy = plan_of(found, writer);
    found.plan = copy ? std::optional(std::move(*copy)) : local_plan(found.run, found.vm_name);
    found.life = markers->empty() ? life_of(newest->token) : life_of_all(*markers);
  }
  found.owner = in_words(newest, found.plan, *markers);
  const std::string later = later_format_of(folder, *markers, found.run, writer);
  found.is_later = !later.empty();
  if (found.is_later) found.owner += "; " + later;
  return found;
}

namespace {

// What of the run's folder belongs to its other machines; nothing where that cannot be told.
std::optional<std::set<std::string>> names_of_others(const Unfinished& unfinished, const std::string& run_folder,
                                                     const std::vector<std::string>& names, storage::Writer& writer) {
  std::set<std::string> others;
  for (const std::string& name : names) {
    if (!name.ends_with(plan_copy_suffix) || name == unfinished.vm_name + std::string(plan_copy_suffix)) continue;
    const auto plan = plan_at(join(run_folder, name), writer);
    if (!plan) return std::nullopt;
    others.insert(name);
    const MachinePlan& machine = plan->machines.front();
    for (std::size_t i = 0; i < machine.changes.size(); ++i) {
      for (const auto named : {kept_name, waiting_name, returning_name, aside_name}) others.insert(named(machine, i));
    }
  }
  return others;
}

// "x.vmx.0.new", "x.vmx.0.back.new", "x.vmx.0.kept.new" and "x.vmx.TOKEN.new"; not a file of 0.1.0's that is called so.
bool is_prepared(const std::string& name) {
  if (at_work_from(name)) return true;
  if (!name.ends_with(waiting_suffix)) return false;
  std::string_view rest = std::string_view(name).substr(0, name.size() - waiting_suffix.size());
  for (const std::string_view more : {std::string_view(".back"), kept_suffix, made_suffix}) {
    if (rest.ends_with(more)) rest.remove_suffix(more.size());
  }
  const std::size_t dot = rest.rfind('.');
  return dot != std::string_view::npos && dot + 1 < rest.size() &&
         rest.find_first_not_of("0123456789", dot + 1) == std::string_view::npos;
}

bool is_same(storage::Writer& writer, const std::string& a, const std::string& b) {
  const auto one = writer.digest(a);
  const auto other = writer.digest(b);
  return one && other && *one == *other;
}

}  // namespace

namespace {

// An old content is what its file still holds: its new one waits beside it, or some small file of the folder is the
// same. A file that was moved is never untouched.
bool is_untouched(const std::string& run_folder, const std::string& folder, const std::string& name,
                  const std::vector<std::string>& names, storage::Writer& writer) {
  const std::string kept = join(run_folder, name);
  const bool is_made = name.ends_with(made_suffix);
  if (name.ends_with(moved_suffix)) return false;
  if (!is_made && !name.ends_with(kept_suffix)) return is_same(writer, kept, join(folder, name));
  const std::string waiting = name.substr(0, name.rfind('.')).append(waiting_suffix);
  if (std::find(names.begin(), names.end(), waiting) != names.end()) return true;
  if (is_made) return false;
  const auto size = writer.status(kept);
  const auto beside = writer.list(folder);
  return size && beside && std::any_of(beside->begin(), beside->end(), [&](const std::string& each) {
           const auto status = writer.status(join(folder, each));
           return status && status->type == storage::EntryType::file && status->size_bytes == size->size_bytes &&
                  is_same(writer, kept, join(folder, each));
         });
}

}  // namespace

bool remove_untouched(const Unfinished& unfinished, storage::Writer& writer) {
  const std::string& folder = unfinished.folder.path;
  const std::string run_folder = run_folder_of(folder, unfinished.run);
  const auto listed =
      unfinished.run.empty() ? formats::core::Result<std::vector<std::string>>(Error{}) : writer.list(run_folder);
  const auto names = listed ? *listed : std::vector<std::string>{};
  const auto others = names_of_others(unfinished, run_folder, names, writer);
  if (!others) return false;
  for (const std::string& name : names) {
    const bool is_ours = is_prepared(name) || name.ends_with(plan_copy_suffix) || others->contains(name);
    if (!is_ours && !is_untouched(run_folder, folder, name, names, writer)) return false;
  }
  const auto markers = writer.list(lock_folder_of(folder));
  for (const std::string& name : markers ? *markers : std::vector<std::string>{})
    writer.try_remove_file(join(lock_folder_of(folder), name));
  writer.try_remove_empty_folder(lock_folder_of(folder));
  for (const std::string& name : names) {
    if (!others->contains(name)) writer.try_remove_file(join(run_folder, name));
  }
  if (!unfinished.run.empty()) writer.try_remove_empty_folder(run_folder);
  writer.try_remove_empty_folder(own_folder_of(folder));
  return true;
}

}  // namespace cbtctl::repair
