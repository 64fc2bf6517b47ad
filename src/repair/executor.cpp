// Algorithm of carrying out: guard; lock every folder; write the plan and the old bytes beside the files; then step by
// step, each journaled first and read back after; then unlock. Of taking back: the same steps in reverse. A step's
// state is read from the file: its digest is that of one of the contents that the plan knows, or a stranger's.
#include "repair/executor.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "storage/path.h"

namespace cbtctl::repair {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::sha256;
using formats::core::Status;
using formats::core::success;
using storage::join;
using storage::Writer;
using Json = nlohmann::ordered_json;

std::string own_folder(const std::string& folder) { return join(folder, ".cbtctl"); }
std::string lock_folder(const std::string& folder) { return join(own_folder(folder), "lock"); }
std::string owner_file(const std::string& folder) { return join(lock_folder(folder), "owner"); }
std::string run_folder(const std::string& folder, const std::string& run) { return join(own_folder(folder), run); }
std::string folder_of(const std::string& path) { return std::string(storage::parent_of(path)); }

std::string plan_copy(const std::string& folder, const std::string& run, const std::string& vm) {
  return join(run_folder(folder, run), std::string(storage::file_name(vm)) + ".plan.json");
}
std::string backup_of(const std::string& path, const std::string& run) {
  return join(run_folder(folder_of(path), run), std::string(storage::file_name(path)));
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

bool is_missing(const Error& error) { return error.kind == ErrorKind::missing; }
bool exists(Writer& writer, const std::string& path) { return writer.status(path).has_value(); }

Status make_folder_if_missing(Writer& writer, const std::string& path) {
  const Status made = writer.make_folder(path);
  if (!made && made.error().kind == ErrorKind::usage) return success();  // it is there
  return made;
}

// --- the lock -------------------------------------------------------------------------------------------------------

std::string owner_text(const std::string& run, const std::string& vm) {
  const char* user = ::getenv("USER");
  return Json{{"run", run},
              {"vm", vm},
              {"host", host_name()},
              {"process", ::getpid()},
              {"user", user != nullptr ? user : "unknown"},
              {"since", static_cast<std::int64_t>(std::time(nullptr))}}
             .dump(-1, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

Status lock(Writer& writer, const std::string& folder, const std::string& run, const std::string& vm) {
  if (const Status made = make_folder_if_missing(writer, own_folder(folder)); !made) return made;
  if (const Status made = writer.make_folder(lock_folder(folder)); !made) {
    if (made.error().kind != ErrorKind::usage) return made;
    const auto other = find_unfinished(folder, writer);
    return Error{ErrorKind::in_use,
                 folder + ": another run is at work: " + (other ? other->owner : "it names no owner")};
  }
  return writer.create(owner_file(folder), owner_text(run, vm), {});
}

void unlock(Writer& writer, const std::string& folder) {
  static_cast<void>(writer.remove_file(owner_file(folder)));
  static_cast<void>(writer.remove_empty_folder(lock_folder(folder)));
}

// --- where a step stands --------------------------------------------------------------------------------------------

// The contents of one file through the plan: before its first edit, after it, after its second, ...
struct States {
  std::vector<std::string> digests;
  [[nodiscard]] std::optional<std::size_t> find(const std::string& digest) const {
    // A file may come back to earlier bytes; the latest state counts, since taking back is right from any of them.
    for (std::size_t i = digests.size(); i-- > 0;) {
      if (digests[i] == digest) return i;
    }
    return std::nullopt;
  }
};

std::map<std::string, States> states_of(const MachinePlan& machine) {
  std::map<std::string, States> states;
  for (const Change& change : machine.changes) {
    if (change.kind != ChangeKind::edit) continue;
    States& file = states[change.path];
    if (file.digests.empty()) file.digests.push_back(change.sha256_before);
    file.digests.push_back(change.sha256_after);
  }
  return states;
}

formats::core::Result<std::string> digest_at(Writer& writer, const std::string& path) {
  const auto source = writer.open(path);
  if (!source) return source.error();
  return sha256(**source);
}

Error foreign(const std::string& path) { return {ErrorKind::changed, path + ": was changed by somebody else"}; }

// Nothing of the plan was begun or changed meanwhile.
Status check_untouched(Writer& writer, const MachinePlan& machine) {
  std::set<std::string> seen;
  for (const Change& change : machine.changes) {
    if (!seen.insert(change.path).second) continue;
    const auto digest = digest_at(writer, change.path);
    if (!digest) return digest.error();
    if (*digest != change.sha256_before) return foreign(change.path);
  }
  return success();
}

Status check_done(Writer& writer, const MachinePlan& machine) {
  for (const auto& [path, states] : states_of(machine)) {
    const auto digest = digest_at(writer, path);
    if (!digest) return digest.error();
    if (*digest != states.digests.back()) return foreign(path);
  }
  for (const Change& change : machine.changes) {
    if (change.kind == ChangeKind::quarantine && exists(writer, change.path)) {
      return Error{ErrorKind::changed, change.path + ": is there again"};
    }
  }
  return success();
}

// A file that a running machine writes has moved, or ESXi has made a new CTK file.
std::optional<std::string> ran_since(Writer& writer, const MachinePlan& machine) {
  for (const Witness& witness : machine.witnesses) {
    const auto now = writer.status(witness.path);
    if (!now && !is_missing(now.error())) return witness.path + " cannot be read";
    if (now.has_value() != witness.exists) return witness.path + (witness.exists ? " has gone" : " is new");
    if (now && (now->size_bytes != witness.size_bytes || now->modified_ns != witness.modified_ns ||
                now->changed_ns != witness.changed_ns)) {
      return witness.path + " was written";
    }
  }
  for (const Change& change : machine.changes) {
    if (change.kind == ChangeKind::quarantine && exists(writer, change.path) && exists(writer, change.moved_to)) {
      return "a new " + change.path + " is there";
    }
  }
  return std::nullopt;
}

// --- steps ----------------------------------------------------------------------------------------------------------

Status verify(Writer& writer, const std::string& path, const std::string& digest) {
  const auto now = digest_at(writer, path);
  if (!now) return now.error();
  return *now == digest ? success()
                        : Status(Error{ErrorKind::changed, path + ": does not read back as it was written"});
}

Status step_forward(Writer& writer, const Change& change) {
  if (change.kind == ChangeKind::quarantine) return writer.move(change.path, change.moved_to);
  if (const Status replaced = writer.replace(change.path, change.content_after); !replaced) return replaced;
  return verify(writer, change.path, change.sha256_after);
}

Status step_back(Writer& writer, const Change& change, const std::map<std::string, States>& states) {
  if (change.kind == ChangeKind::quarantine) {
    const bool here = exists(writer, change.path);
    const bool there = exists(writer, change.moved_to);
    if (here && !there) return success();
    if (here || !there)
      return Error{ErrorKind::changed,
                   change.path + (here ? ": is there again" : ": is in no place that the plan knows")};
    return writer.move(change.moved_to, change.path);
  }
  const auto digest = digest_at(writer, change.path);
  if (!digest) return digest.error();
  if (*digest == change.sha256_after) {
    if (const Status replaced = writer.replace(change.path, change.content_before); !replaced) return replaced;
    return verify(writer, change.path, change.sha256_before);
  }
  return states.at(change.path).find(*digest) ? success() : Status(foreign(change.path));
}

// The old bytes and the plan, beside each file, before anything is changed.
Status back_up(Writer& writer, const Plan& plan, const MachinePlan& machine) {
  const std::string copy =
      to_text({.id = plan.id, .verb = plan.verb, .machines = {machine}, .refused = {}, .unchanged = {}});
  for (const std::string& folder : folders_of(machine)) {
    if (const Status made = make_folder_if_missing(writer, run_folder(folder, plan.id)); !made) return made;
    if (const Status made = writer.create(plan_copy(folder, plan.id, machine.vm), copy, {}); !made) return made;
  }
  std::set<std::string> saved;
  for (const Change& change : machine.changes) {
    if (change.kind != ChangeKind::edit || !saved.insert(change.path).second) continue;
    if (const Status made = writer.create(backup_of(change.path, plan.id), change.content_before, change.path); !made)
      return made;
  }
  return success();
}

// What cbtctl put there itself, after the files are what they were.
void remove_traces(Writer& writer, const std::string& run, const MachinePlan& machine) {
  for (const auto& [path, states] : states_of(machine)) {
    const auto digest = digest_at(writer, backup_of(path, run));
    if (digest && *digest == states.digests.front()) static_cast<void>(writer.remove_file(backup_of(path, run)));
  }
  for (const std::string& folder : folders_of(machine)) {
    static_cast<void>(writer.remove_file(plan_copy(folder, run, machine.vm)));
    static_cast<void>(writer.remove_empty_folder(run_folder(folder, run)));
  }
}

void unlock_all(Writer& writer, const MachinePlan& machine) {
  for (const std::string& folder : folders_of(machine)) {
    unlock(writer, folder);
    static_cast<void>(writer.remove_empty_folder(own_folder(folder)));  // stays while a run's folder is in it
  }
}

Status reverse_all(Writer& writer, const MachinePlan& machine) {
  const auto states = states_of(machine);
  for (const auto& [path, contents] : states) writer.remove_leftover(path);
  for (auto change = machine.changes.rbegin(); change != machine.changes.rend(); ++change) {
    if (const Status back = step_back(writer, *change, states); !back) return back;
  }
  return check_untouched(writer, machine);
}

Status forward_all(Writer& writer, const MachinePlan& machine) {
  const auto states = states_of(machine);
  for (const auto& [path, contents] : states) writer.remove_leftover(path);
  for (const Change& change : machine.changes) {
    if (change.kind == ChangeKind::quarantine) {
      if (!exists(writer, change.path) || exists(writer, change.moved_to)) continue;
      if (const Status moved = writer.move(change.path, change.moved_to); !moved) return moved;
      continue;
    }
    const auto digest = digest_at(writer, change.path);
    if (!digest) return digest.error();
    if (*digest == change.sha256_before) {
      if (const Status forward = step_forward(writer, change); !forward) return forward;
    } else if (!states.at(change.path).find(*digest)) {
      return foreign(change.path);
    }
  }
  return success();
}

Result result_of(const MachinePlan& machine, std::string outcome, std::string message = {}, std::string reason = {}) {
  return {.vm = machine.vm,
          .outcome = std::move(outcome),
          .reason = std::move(reason),
          .message = std::move(message),
          .follow_up = {}};
}

Result rolled_back(Writer& writer, const Plan& plan, const MachinePlan& machine, Journal& journal, const Error& why) {
  const Status back = reverse_all(writer, machine);
  if (!back) {
    static_cast<void>(journal.append(machine.vm, "failed"));
    return result_of(machine, "failed",
                     why.message + "; and it could not be rolled back: " + back.error().message +
                         "; the next writing verb tries again");
  }
  remove_traces(writer, plan.id, machine);
  unlock_all(writer, machine);
  static_cast<void>(journal.append(machine.vm, "rolled-back"));
  return result_of(machine, "rolled-back", why.message);
}

std::string reason_of(const Error& error) {
  return error.kind == ErrorKind::changed || error.kind == ErrorKind::missing ? "changed-meanwhile"
         : error.kind == ErrorKind::in_use                                    ? "locked"
                                                                              : "unreadable";
}

Status lock_all(Writer& writer, const Plan& plan, const MachinePlan& machine) {
  std::vector<std::string> locked;
  for (const std::string& folder : folders_of(machine)) {
    if (const Status made = lock(writer, folder, plan.id, machine.vm); !made) {
      for (const std::string& each : locked) unlock(writer, each);
      return made;
    }
    locked.push_back(folder);
  }
  return success();
}

}  // namespace

std::vector<std::string> folders_of(const MachinePlan& machine) {
  std::set<std::string> folders;
  for (const Change& change : machine.changes) folders.insert(folder_of(change.path));
  return {folders.begin(), folders.end()};
}

void place(Plan& plan) {
  for (MachinePlan& machine : plan.machines) {
    for (Change& change : machine.changes) {
      if (change.kind == ChangeKind::quarantine) change.moved_to = backup_of(change.path, plan.id);
    }
  }
}

Result carry_out(const Plan& plan, const MachinePlan& machine, Writer& writer, Journal& journal,
                 const PowerGuard& guard) {
  if (const Status locked = lock_all(writer, plan, machine); !locked) {
    const bool busy = locked.error().kind == ErrorKind::in_use;
    return result_of(machine, busy ? "refused" : "failed", locked.error().message, busy ? "locked" : "");
  }
  const auto refuse = [&](const std::string& reason, const std::string& message) {
    unlock_all(writer, machine);
    static_cast<void>(journal.append(machine.vm, "refused"));
    return result_of(machine, "refused", message, reason);
  };
  if (const auto refused = machine.checks_power ? guard(machine) : std::nullopt)
    return refuse(refused->reason, refused->message);
  if (const Status untouched = check_untouched(writer, machine); !untouched)
    return refuse(reason_of(untouched.error()), untouched.error().message);
  if (const auto ran = ran_since(writer, machine)) return refuse("changed-meanwhile", *ran);

  Status status = journal.append(machine.vm, "begin");
  if (status) status = back_up(writer, plan, machine);
  for (const Change& change : machine.changes) {
    if (status) status = journal.append(machine.vm, name_of(change.kind), change.path);
    if (status) status = step_forward(writer, change);
  }
  if (status) status = check_done(writer, machine);
  if (!status) return rolled_back(writer, plan, machine, journal, status.error());
  status = journal.append(machine.vm, "changed");
  if (!status) return rolled_back(writer, plan, machine, journal, status.error());
  unlock_all(writer, machine);
  return result_of(machine, "changed");
}

Result take_back(const Plan& plan, const MachinePlan& machine, Writer& writer, Journal& journal,
                 const PowerGuard& guard) {
  if (const auto refused = machine.checks_power ? guard(machine) : std::nullopt)
    return result_of(machine, "refused", refused->message, refused->reason);
  if (const auto ran = ran_since(writer, machine))
    return result_of(machine, "refused", *ran + ": the virtual machine may have run since", "ran-since");
  if (const Status done = check_done(writer, machine); !done)
    return result_of(machine, "refused", done.error().message, reason_of(done.error()));
  for (const Change& change : machine.changes) {
    if (change.kind != ChangeKind::quarantine) continue;
    const auto digest = digest_at(writer, change.moved_to);
    if (!digest || *digest != change.sha256_before)
      return result_of(machine, "refused", change.moved_to + ": is not what was moved there", "changed-meanwhile");
  }
  if (const Status locked = lock_all(writer, plan, machine); !locked)
    return result_of(machine, "refused", locked.error().message, "locked");
  Status status = journal.append(machine.vm, "taking-back");
  if (status) status = reverse_all(writer, machine);
  if (!status) return result_of(machine, "failed", status.error().message + "; the next writing verb goes on");
  remove_traces(writer, plan.id, machine);
  unlock_all(writer, machine);
  static_cast<void>(journal.append(machine.vm, "restored"));
  return result_of(machine, "restored");
}

std::optional<Unfinished> find_unfinished(const std::string& folder, Writer& writer) {
  if (!exists(writer, lock_folder(folder))) return std::nullopt;
  Unfinished found{.folder = folder, .run = {}, .vm = {}, .owner = "it names no owner", .is_at_work = false};
  const auto text = writer.read(owner_file(folder));
  const Json owner = text ? Json::parse(*text, nullptr, false) : Json();
  if (!owner.is_object()) return found;  // stopped between making the lock and naming the owner: nothing was changed
  found.run = owner.value("run", "");
  found.vm = owner.value("vm", "");
  const std::string host = owner.value("host", "");
  const auto process = owner.value("process", std::int64_t{0});
  found.owner = owner.value("user", "") + "@" + host + ", process " + std::to_string(process) + ", run " + found.run;
  const bool lives = ::kill(static_cast<pid_t>(process), 0) == 0 || errno == EPERM;
  found.is_at_work = host != host_name() || (process != ::getpid() && lives);
  return found;
}

Result recover(const Unfinished& unfinished, Writer& writer) {
  MachinePlan nothing{.vm = unfinished.vm};
  const auto text = unfinished.run.empty() ? formats::core::Result<std::string>(Error{ErrorKind::missing, "no run"})
                                           : writer.read(plan_copy(unfinished.folder, unfinished.run, unfinished.vm));
  const auto plan = text ? plan_from_text(*text) : formats::core::Result<Plan>(text.error());
  if (!plan || plan->machines.size() != 1) {
    // The plan is written before the first change: without it nothing was changed.
    const auto left = unfinished.run.empty()
                          ? formats::core::Result<std::vector<std::string>>(std::vector<std::string>{})
                          : writer.list(run_folder(unfinished.folder, unfinished.run));
    if (left) {
      for (const std::string& name : *left) {
        if (name.ends_with(".plan.json"))
          static_cast<void>(writer.remove_file(join(run_folder(unfinished.folder, unfinished.run), name)));
      }
      if (!unfinished.run.empty())
        static_cast<void>(writer.remove_empty_folder(run_folder(unfinished.folder, unfinished.run)));
    }
    unlock(writer, unfinished.folder);
    static_cast<void>(writer.remove_empty_folder(own_folder(unfinished.folder)));
    return result_of(nothing, "rolled-back", "an earlier run was stopped before its first change");
  }
  const MachinePlan& machine = plan->machines.front();
  auto reopened = Journal::reopen(plan->id);
  Journal journal = reopened ? std::move(*reopened) : Journal::none();
  const auto ran = ran_since(writer, machine);
  const Status done = ran ? forward_all(writer, machine) : reverse_all(writer, machine);
  if (!done) return result_of(machine, "failed", done.error().message);
  if (!ran) remove_traces(writer, plan->id, machine);
  unlock_all(writer, machine);
  static_cast<void>(journal.append(machine.vm, ran ? "changed" : "rolled-back"));
  return ran ? result_of(machine, "changed", "the run " + plan->id + " was finished, since " + *ran)
             : result_of(machine, "rolled-back", "the run " + plan->id + " had been stopped");
}

}  // namespace cbtctl::repair
