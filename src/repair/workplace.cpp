#include "repair/workplace.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "formats/core/path.h"

namespace cbtctl::repair {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::file_name;
using formats::core::join;
using formats::core::parent_of;
using formats::core::Status;
using formats::core::success;

std::string name_of(const std::string& path) { return std::string(file_name(path)); }
std::string folder_of(const std::string& path) { return std::string(parent_of(path)); }

// Precondition: some change is about the file.
std::size_t first_change_of(const MachinePlan& machine, const Spot& file) {
  const auto is_about = [&](const Change& change) { return change.spot == file; };
  return static_cast<std::size_t>(std::find_if(machine.changes.begin(), machine.changes.end(), is_about) -
                                  machine.changes.begin());
}

std::string numbered(const MachinePlan& machine, std::size_t change) {
  const std::string& named_after = machine.kept_by_number ? machine.vm : machine.changes[change].spot.path;
  return name_of(named_after) + "." + std::to_string(change);
}

Spot in_run_folder(const Workplace& place, const Spot& file, const std::string& name) {
  return {file.root, join(run_folder_of(folder_of(file.path), place.run), name)};
}

std::set<storage::Writer*> writers_of(const std::vector<Site>& sites) {
  std::set<storage::Writer*> writers;
  for (const Site& site : sites) writers.insert(site.writer.get());
  return writers;
}

Status fine_if_there(const Status& made) { return made || made.error().kind == ErrorKind::usage ? success() : made; }

// Where nobody can tell whether a process lives, a day is enough: it takes its lock within seconds.
bool is_over(storage::Writer& writer, const std::string& path, const std::string& token) {
  constexpr std::int64_t day_ns = std::int64_t{24} * 3600 * 1'000'000'000;
  const Life life = life_of(token);
  const auto status =
      life == Life::cannot_tell ? writer.status(path) : formats::core::Result<storage::FileStatus>(Error{});
  const std::int64_t now_ns = std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  return life == Life::dead || (status && status->modified_ns < now_ns - day_ns);
}

// A run that was stopped before it had made its lock, or after it had taken it away, leaves word of a dead process, or
// an empty folder.
void tidy(storage::Writer& writer, const std::string& folder) {
  if (writer.status(lock_folder_of(folder))) return;
  const auto runs = writer.list(own_folder_of(folder));
  for (const std::string& run : runs ? *runs : std::vector<std::string>{}) {
    const std::string run_folder = run_folder_of(folder, run);
    const auto names =
        is_run_id(run) ? writer.list(run_folder) : formats::core::Result<std::vector<std::string>>(Error{});
    if (!names) continue;
    std::size_t left = names->size();
    for (const std::string& name : *names) {
      const auto found = at_work_from(name);
      if (!found || !is_over(writer, join(run_folder, name), found->token)) continue;
      writer.try_remove_file(join(run_folder, name));
      --left;
    }
    if (left == 0) writer.try_remove_empty_folder(run_folder);
  }
}

// What lies on the datastore.
std::string copy_of(const Plan& plan, const MachinePlan& machine) {
  return to_text(
      {.id = plan.id, .verb = plan.verb, .machines = {machine}, .refused = {}, .unchanged = {}, .owner = plan.owner});
}

}  // namespace

std::string own_folder_of(const std::string& folder) { return join(folder, ".cbtctl"); }
std::string lock_folder_of(const std::string& folder) { return join(own_folder_of(folder), "lock"); }
std::string run_folder_of(const std::string& folder, const std::string& run) {
  return join(own_folder_of(folder), run);
}
std::string plan_copy_of(const std::string& folder, const std::string& run, const std::string& vm) {
  return join(run_folder_of(folder, run), name_of(vm) + std::string(plan_copy_suffix));
}
std::optional<AtWork> at_work_from(const std::string& name) {
  if (!name.ends_with(waiting_suffix)) return std::nullopt;
  const std::string rest = name.substr(0, name.size() - waiting_suffix.size());
  const std::size_t dot = rest.rfind('.');
  if (dot == std::string::npos || !is_token(rest.substr(dot + 1))) return std::nullopt;
  return AtWork{rest.substr(0, dot), rest.substr(dot + 1)};
}

std::string kept_name(const MachinePlan& machine, std::size_t change) {
  const Change& what = machine.changes[change];
  if (!machine.kept_by_number) return name_of(what.spot.path);
  if (what.kind == ChangeKind::quarantine) return numbered(machine, change).append(moved_suffix);
  if (what.kind == ChangeKind::create) return numbered(machine, change).append(made_suffix);
  return numbered(machine, first_change_of(machine, what.spot)).append(kept_suffix);
}
std::string aside_name(const MachinePlan& machine, std::size_t change) {
  return numbered(machine, change).append(moved_suffix);
}
std::string waiting_name(const MachinePlan& machine, std::size_t change) {
  return numbered(machine, change).append(waiting_suffix);
}
std::string returning_name(const MachinePlan& machine, std::size_t change) {
  return numbered(machine, change).append(".back").append(waiting_suffix);
}

std::vector<Spot> folders_of(const MachinePlan& machine) {
  std::set<Spot> folders{{0, folder_of(machine.vm)}};
  for (const Change& change : machine.changes) folders.insert({change.spot.root, folder_of(change.spot.path)});
  return {folders.begin(), folders.end()};
}

formats::core::Result<std::string> Workplace::digest_at(const Spot& spot) const {
  auto digest = writer(spot).digest(spot.path);
  if (!digest && digest.error().kind == ErrorKind::missing) return std::string();
  return digest;
}

Status Workplace::sync() const {
  for (storage::Writer* writer : writers_of(sites)) {
    if (const Status synced = writer->sync(); !synced) return synced;
  }
  return success();
}

Status Workplace::together(const std::function<Status()>& work) const {
  const auto writers = writers_of(sites);
  for (storage::Writer* writer : writers) writer->begin_batch();
  Status done = work();
  for (storage::Writer* writer : writers) {
    const Status ended = writer->end_batch();
    if (done && !ended) done = ended;
  }
  return done;
}

void Workplace::look_ahead(const std::vector<std::pair<Spot, storage::Question::Kind>>& questions) const {
  std::map<storage::Writer*, std::vector<storage::Question>> by_writer;
  for (const auto& [spot, kind] : questions) by_writer[&writer(spot)].push_back({kind, spot.path});
  for (auto& [writer, asked] : by_writer) writer->look_ahead(std::move(asked));
}

std::vector<Spot> Workplace::folders() const { return folders_of(machine); }
Spot Workplace::own_folder(const Spot& folder) const { return {folder.root, own_folder_of(folder.path)}; }
Spot Workplace::run_folder(const Spot& folder) const { return {folder.root, run_folder_of(folder.path, run)}; }
Spot Workplace::plan_copy(const Spot& folder) const {
  return {folder.root, plan_copy_of(folder.path, run, machine.vm)};
}
Spot Workplace::at_work(const Spot& folder) const {
  return {folder.root, join(run_folder_of(folder.path, run),
                            name_of(machine.vm) + "." + token_of(this_owner()) + std::string(waiting_suffix))};
}
Spot Workplace::kept(const Spot& file) const {
  return in_run_folder(*this, file, kept_name(machine, first_change_of(machine, file)));
}
Spot Workplace::putting_off() const {
  const std::string number = std::to_string(machine.changes.size());  // that no change has
  return in_run_folder(*this, {0, machine.vm}, name_of(machine.vm) + "." + number + std::string(waiting_suffix));
}
Spot Workplace::aside(std::size_t change) const {
  return in_run_folder(*this, machine.changes[change].spot, aside_name(machine, change));
}
Spot Workplace::waiting(std::size_t change) const {
  return in_run_folder(*this, machine.changes[change].spot, waiting_name(machine, change));
}
Spot Workplace::returning(std::size_t change) const {
  return in_run_folder(*this, machine.changes[change].spot, returning_name(machine, change));
}

Status Workplace::enter() const {
  Status status = success();
  for (const Spot& folder : folders()) {
    tidy(writer(folder), folder.path);
    if (status) status = enter_one(folder);
  }
  return status;
}

// A run that ends takes empty folders away, maybe the one that was just found to be there.
Status Workplace::enter_one(const Spot& folder) const {
  constexpr int most_tries = 16;
  Status status = success();
  for (int i = 0; i < most_tries; ++i) {
    status = together([&] {
      Status made = writer(folder).ensure_folder(own_folder(folder).path);
      if (made) made = writer(folder).ensure_folder(run_folder(folder).path);
      return made ? writer(folder).create(at_work(folder).path, {}, {}) : made;
    });
    status = fine_if_there(status);
    if (status || status.error().kind != ErrorKind::missing) break;
  }
  return status;
}

Status Workplace::take_over() const {
  Status status = success();
  for (const Spot& folder : folders()) {
    const auto names = writer(folder).list(run_folder(folder).path);
    if (!names) continue;  // that folder was tidied up already
    if (status) status = fine_if_there(writer(folder).create(at_work(folder).path, {}, {}));
    for (const std::string& name : *names) {
      const auto found = at_work_from(name);
      const std::string path = join(run_folder(folder).path, name);
      if (found && found->vm_name == name_of(machine.vm) && path != at_work(folder).path)
        writer(folder).try_remove_file(path);
    }
  }
  return status;
}

void Workplace::leave() const {
  for (const Spot& folder : folders()) writer(folder).try_remove_file(at_work(folder).path);
}

Status Workplace::record_end(const Plan& plan) const {
  const std::string copy = copy_of(plan, machine);
  Status status = success();
  for (const Spot& folder : folders()) {
    const std::string path = plan_copy(folder).path;
    const std::string waiting = path + std::string(waiting_suffix);
    if (status) status = writer(folder).create(waiting, copy, {});
    if (status) status = writer(folder).replace(waiting, path);
  }
  return status;
}

Status Workplace::prepare(const Plan& plan) const {
  const std::string copy = copy_of(plan, machine);
  Status status = success();
  for (const Spot& folder : folders()) {
    if (status) status = writer(folder).create(plan_copy(folder).path, copy, {});
  }
  std::set<Spot> saved;
  for (std::size_t i = 0; i < machine.changes.size(); ++i) {
    const Change& change = machine.changes[i];
    if (change.kind == ChangeKind::quarantine) continue;
    const bool is_new = change.kind == ChangeKind::create;
    // In this order: a file that is kept, and whose first new content waits no more, has been changed.
    const std::string like = is_new ? std::string() : change.spot.path;
    if (status) status = writer(change.spot).create(waiting(i).path, change.content_after, like);
    if (status && saved.insert(change.spot).second)
      status = writer(change.spot).keep(is_new ? waiting(i).path : change.spot.path, kept(change.spot).path);
  }
  return status;
}

void Workplace::remove_waiting() const {
  for (std::size_t i = 0; i < machine.changes.size(); ++i) {
    if (machine.changes[i].kind == ChangeKind::quarantine) continue;
    Spot copy = kept(machine.changes[i].spot);
    copy.path += waiting_suffix;
    Spot copy_back = returning(i);
    copy_back.path += waiting_suffix;
    for (const Spot& spot : {waiting(i), returning(i), copy_back, copy}) remove_prepared(spot);
  }
  remove_prepared(putting_off());
  if (machine.end.empty()) return;
  for (const Spot& folder : folders())
    writer(folder).try_remove_file(plan_copy(folder).path + std::string(waiting_suffix));
}

void Workplace::remove_prepared(const Spot& spot) const {
  const bool was_moved = std::any_of(machine.changes.begin(), machine.changes.end(), [&](const Change& change) {
    return change.kind == ChangeKind::quarantine && kept(change.spot) == spot;
  });
  if (!was_moved) writer(spot).try_remove_file(spot.path);
}

void Workplace::remove_kept() const {
  for (const Change& change : machine.changes) {
    if (change.kind == ChangeKind::quarantine) continue;
    const auto digest = digest_at(kept(change.spot));
    const auto now = digest_at(change.spot);
    const bool is_back = now && (change.kind == ChangeKind::create ? now->empty() : digest && *digest == *now);
    if (digest && !digest->empty() && is_back)
      static_cast<void>(writer(change.spot).remove_file(kept(change.spot).path));
  }
}

// It alone says what a file is that was created and lies aside now.
void Workplace::remove_plan() const {
  bool is_needed = false;
  for (std::size_t i = 0; i < machine.changes.size(); ++i)
    is_needed |= machine.changes[i].kind == ChangeKind::create && exists(aside(i));
  for (const Spot& folder : folders()) {
    if (!is_needed) writer(folder).try_remove_file(plan_copy(folder).path);
  }
  remove_if_empty();
}

void Workplace::remove_if_empty() const {
  for (const Spot& folder : folders()) {
    writer(folder).try_remove_empty_folder(run_folder(folder).path);
    writer(folder).try_remove_empty_folder(own_folder(folder).path);
  }
}

}  // namespace cbtctl::repair
