#include "repair/purge.h"

#include <algorithm>
#include <optional>

#include "formats/core/path.h"
#include "repair/tracking.h"
#include "repair/workplace.h"

namespace cbtctl::repair {
namespace {

using analysis::TrackingRole;
using formats::core::file_name;
using formats::core::join;
using formats::core::parent_of;

bool is_called_plan(const std::string& name) { return name == "plan.json" || name.ends_with(plan_copy_suffix); }

// As to_text begins, and without its end; or an object that says nothing.
bool is_torn_plan(std::string_view text) {
  if (text == "{}" || text == "{}\n") return true;
  constexpr std::string_view beginning = "{\n \"schema\": \"cbtctl.plan/";
  const std::size_t common = std::min(text.size(), beginning.size());
  return text.substr(0, common) == beginning.substr(0, common) && !text.ends_with("\n}\n");
}

class RunFolder {
 public:
  RunFolder(const model::Datastore& datastore, model::Index target, const std::string& folder, storage::Writer& writer)
      : datastore_(datastore), target_(target), folder_(folder), writer_(writer) {}

  formats::core::Result<RunContents> sort_out() {
    auto names = writer_.list(folder_);
    if (!names) return names.error();
    std::sort(names->begin(), names->end());
    std::stable_partition(names->begin(), names->end(), [](const std::string& name) { return !is_called_plan(name); });
    read_plans(*names);
    for (const std::string& name : *names) {
      if (!is_called_plan(name) || !is_needed_by_undo()) take(name);
    }
    return std::move(contents_);
  }

 private:
  void read_plans(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const auto text = is_called_plan(name) ? writer_.read(join(folder_, name))
                                             : formats::core::Result<std::string>(formats::core::Error{});
      auto plan = text ? plan_from_text(*text) : formats::core::Result<Plan>(text.error());
      if (!plan && plan.error().kind == formats::core::ErrorKind::unsupported) later_format_ = plan.error().message;
      if (!plan || plan->id != file_name(folder_)) continue;
      for (MachinePlan& machine : plan->machines) plans_.push_back(std::move(machine));
    }
  }

  void take(const std::string& name) {
    const std::string path = join(folder_, name);
    const auto status = writer_.status(path);
    std::optional<std::string> why;
    if (!status)
      why = status.error().message;
    else if (status->type != storage::EntryType::file)
      why = "it is no regular file";
    else
      why = why_it_stays(name, path, status->size_bytes);
    if (why) return contents_.staying.push_back({path, *why});
    contents_.removable.push_back(path);
    contents_.removable_bytes += status->size_bytes;
  }

  std::optional<std::string> why_it_stays(const std::string& name, const std::string& path, std::uint64_t size_bytes) {
    if (!later_format_.empty()) return later_format_;
    if (is_called_plan(name)) return why_plan_stays(path, size_bytes);
    if (at_work_from(name) && size_bytes == 0) return std::nullopt;
    for (const MachinePlan& machine : plans_) {
      for (std::size_t i = 0; i < machine.changes.size(); ++i) {
        if (const auto known = why_change_stays(machine, i, name, path)) return *known;
      }
    }
    if (!plans_.empty()) return "the run did not put it there";
    return by_verdict(name, path, TrackingRole::orphan);
  }

  // What was torn while it was written goes. What is whole and cannot be read is a later version's, or somebody else's.
  std::optional<std::string> why_plan_stays(const std::string& path, std::uint64_t size_bytes) {
    if (size_bytes == 0) return std::nullopt;
    const auto text = writer_.read(path);
    if (!text) return text.error().message;
    const auto plan = plan_from_text(*text);
    if (plan)
      return plan->id == file_name(folder_) ? std::nullopt
                                            : std::optional<std::string>("it is the plan of another run");
    return is_torn_plan(*text) ? std::nullopt : std::optional("it " + plan.error().message);
  }

  // The outer optional: the name is one of the change's.
  std::optional<std::optional<std::string>> why_change_stays(const MachinePlan& machine, std::size_t i,
                                                             const std::string& name, const std::string& path) {
    const Change& change = machine.changes[i];
    const std::string kept = kept_name(machine, i);
    if (change.kind == ChangeKind::quarantine) {
      if (name != kept) return std::nullopt;
      // First: the digest of a disk that 0.1.0 took for a CTK file is long in coming.
      if (auto why = by_verdict(std::string(file_name(change.spot.path)), path, role_of(machine, change))) return why;
      if (!has_digest(path, {change.sha256_before})) return std::optional(not_as_left());
      return std::optional<std::string>();
    }
    if (change.kind == ChangeKind::create && name == aside_name(machine, i) && has_digest(path, {change.sha256_after}))
      return std::optional<std::string>();
    const bool is_prepared = name == waiting_name(machine, i) || name == returning_name(machine, i) ||
                             name == kept + std::string(waiting_suffix);
    if (name != kept && !is_prepared) return std::nullopt;
    if (has_digest(path, {change.sha256_before, change.sha256_after})) return std::optional<std::string>();
    return is_of_another_edit(machine, i, name) ? std::nullopt : std::optional(std::optional(not_as_left()));
  }

  static std::string not_as_left() { return "it is not what the run left there"; }

  // The old content of a file that was edited twice is that of its first edit.
  static bool is_of_another_edit(const MachinePlan& machine, std::size_t i, const std::string& name) {
    for (std::size_t other = i + 1; other < machine.changes.size(); ++other) {
      if (machine.changes[other].kind == ChangeKind::edit && kept_name(machine, other) == name) return true;
    }
    return false;
  }

  bool has_digest(const std::string& path, const std::vector<std::string>& wanted) {
    const auto digest = writer_.digest(path);
    return digest && std::find(wanted.begin(), wanted.end(), *digest) != wanted.end();
  }

  // As if it lay where it came from, under the name that it had there. Nobody names what lies here.
  std::optional<std::string> by_verdict(const std::string& name, const std::string& path, TrackingRole role) {
    const std::string origin = join(parent_of(parent_of(folder_)), name);
    auto facts = facts_now(datastore_, target_, origin, role, writer_, path);
    if (!facts) return facts.error().message;
    facts->other_user.clear();
    const auto why = analysis::tracking_file_verdict(*facts);
    return why ? std::optional(name + ": " + analysis::in_words(*why, *facts)) : std::nullopt;
  }

  // Something that the run moved or kept stays: undo can still bring it back, by the plan.
  [[nodiscard]] bool is_needed_by_undo() const {
    const auto came_by_the_run = [&](const Staying& staying) {
      return std::any_of(plans_.begin(), plans_.end(), [&](const MachinePlan& machine) {
        for (std::size_t i = 0; i < machine.changes.size(); ++i) {
          if (kept_name(machine, i) == file_name(staying.path)) return true;
        }
        return false;
      });
    };
    return std::any_of(contents_.staying.begin(), contents_.staying.end(), came_by_the_run);
  }

  const model::Datastore& datastore_;
  model::Index target_;
  const std::string& folder_;
  storage::Writer& writer_;
  std::vector<MachinePlan> plans_;
  std::string later_format_;  // of a plan of a later version, which alone knows what lies here
  RunContents contents_;
};

}  // namespace

formats::core::Result<RunContents> contents_of_run(const model::Datastore& datastore, model::Index target,
                                                   const std::string& folder, storage::Writer& writer) {
  return RunFolder(datastore, target, folder, writer).sort_out();
}

}  // namespace cbtctl::repair
