#include "repair/workplace.h"

#include <algorithm>
#include <set>

#include "storage/path.h"

namespace cbtctl::repair {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Status;
using formats::core::success;
using storage::join;

std::string name_of(const std::string& path) { return std::string(storage::file_name(path)); }
std::string folder_of(const std::string& path) { return std::string(storage::parent_of(path)); }

Status fine_if_there(const Status& made) { return made || made.error().kind == ErrorKind::usage ? success() : made; }

// A run that was stopped before it had made its lock, or after it had taken it away, leaves word of a dead process.
void tidy(storage::Writer& writer, const std::string& folder) {
  if (writer.status(lock_folder_of(folder))) return;
  const auto runs = writer.list(own_folder_of(folder));
  for (const std::string& run : runs ? *runs : std::vector<std::string>{}) {
    const std::string run_folder = run_folder_of(folder, run);
    const auto names =
        is_run_id(run) ? writer.list(run_folder) : formats::core::Result<std::vector<std::string>>(Error{});
    for (const std::string& name : names ? *names : std::vector<std::string>{}) {
      const auto found = at_work_from(name);
      if (!found || life_of(found->token) != Life::dead) continue;
      static_cast<void>(writer.remove_file(join(run_folder, name)));
      static_cast<void>(writer.remove_empty_folder(run_folder));
    }
  }
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

std::vector<Spot> folders_of(const MachinePlan& machine) {
  std::set<Spot> folders{{0, folder_of(machine.vm)}};
  for (const Change& change : machine.changes) folders.insert({change.spot.root, folder_of(change.spot.path)});
  return {folders.begin(), folders.end()};
}

formats::core::Result<std::string> Workplace::digest_at(const Spot& spot) const {
  const auto source = writer(spot).open(spot.path);
  if (!source) {
    return source.error().kind == ErrorKind::missing ? formats::core::Result<std::string>(std::string())
                                                     : source.error();
  }
  return formats::core::sha256(**source);
}

Status Workplace::sync() const {
  std::set<storage::Writer*> done;
  for (const Site& site : sites) {
    if (!done.insert(site.writer.get()).second) continue;
    if (const Status synced = site.writer->sync(); !synced) return synced;
  }
  return success();
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
  return {file.root, join(run_folder_of(folder_of(file.path), run), name_of(file.path))};
}
Spot Workplace::waiting(std::size_t change) const {
  Spot spot = kept(machine.changes[change].spot);
  spot.path += "." + std::to_string(change) + std::string(waiting_suffix);
  return spot;
}
Spot Workplace::returning(std::size_t change) const {
  Spot spot = kept(machine.changes[change].spot);
  spot.path += "." + std::to_string(change) + ".back" + std::string(waiting_suffix);
  return spot;
}

Status Workplace::enter() const {
  Status status = success();
  for (const Spot& folder : folders()) {
    tidy(writer(folder), folder.path);
    if (status) status = fine_if_there(writer(folder).make_folder(own_folder(folder).path));
    if (status) status = fine_if_there(writer(folder).make_folder(run_folder(folder).path));
    if (status) status = fine_if_there(writer(folder).create(at_work(folder).path, {}, {}));
  }
  return status;
}

void Workplace::leave() const {
  for (const Spot& folder : folders()) {
    const auto names = writer(folder).list(run_folder(folder).path);
    for (const std::string& name : names ? *names : std::vector<std::string>{}) {
      const auto found = at_work_from(name);
      if (found && found->vm_name == name_of(machine.vm))
        static_cast<void>(writer(folder).remove_file(join(run_folder(folder).path, name)));
    }
  }
}

Status Workplace::prepare(const Plan& plan) const {
  const std::string copy = to_text(
      {.id = plan.id, .verb = plan.verb, .machines = {machine}, .refused = {}, .unchanged = {}, .owner = plan.owner});
  Status status = success();
  for (const Spot& folder : folders()) {
    if (status) status = writer(folder).create(plan_copy(folder).path, copy, {});
  }
  std::set<Spot> saved;
  for (std::size_t i = 0; i < machine.changes.size(); ++i) {
    const Change& change = machine.changes[i];
    if (change.kind != ChangeKind::edit) continue;
    // In this order: a file that is kept, and whose first new content waits no more, has been changed.
    if (status) status = writer(change.spot).create(waiting(i).path, change.content_after, change.spot.path);
    if (status && saved.insert(change.spot).second)
      status = writer(change.spot).keep(change.spot.path, kept(change.spot).path);
  }
  return status;
}

void Workplace::remove_waiting() const {
  for (std::size_t i = 0; i < machine.changes.size(); ++i) {
    if (machine.changes[i].kind != ChangeKind::edit) continue;
    for (const Spot& spot : {waiting(i), returning(i)}) static_cast<void>(writer(spot).remove_file(spot.path));
  }
}

void Workplace::remove_kept() const {
  for (const Change& change : machine.changes) {
    if (change.kind != ChangeKind::edit) continue;
    const auto digest = digest_at(kept(change.spot));
    if (digest && *digest == change.sha256_before)
      static_cast<void>(writer(change.spot).remove_file(kept(change.spot).path));
  }
}

void Workplace::remove_plan() const {
  for (const Spot& folder : folders()) static_cast<void>(writer(folder).remove_file(plan_copy(folder).path));
  remove_if_empty();
}

void Workplace::remove_if_empty() const {
  for (const Spot& folder : folders()) {
    static_cast<void>(writer(folder).remove_empty_folder(run_folder(folder).path));
    static_cast<void>(writer(folder).remove_empty_folder(own_folder(folder).path));
  }
}

}  // namespace cbtctl::repair
