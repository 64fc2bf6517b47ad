#include "repair/planner.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "analysis/catalogue.h"
#include "analysis/cbt_state.h"
#include "repair/edits.h"
#include "repair/guards.h"
#include "repair/intent.h"

namespace cbtctl::repair {
namespace {

using analysis::CbtState;
using analysis::Code;
using formats::core::Result;
using model::Index;

bool is_true(const std::optional<formats::vmx::Flag>& flag) { return flag && flag->value == true; }

class Planner {
 public:
  Planner(const model::Datastore& datastore, const analysis::Findings& findings, const Request& request,
          const std::vector<Site>& sites)
      : datastore_(datastore), findings_(findings), request_(request), sites_(sites) {}

  Plan make() {
    plan_.id = new_run_id();
    plan_.verb = request_.verb;
    if (request_.verb == "clean") {
      clean();
    } else {
      for (Index i = 0; i < datastore_.virtual_machines.size(); ++i) {
        if (request_.selected(datastore_.virtual_machines[i])) plan_machine(i);
      }
      if (request_.verb == "repair") clean();
    }
    return std::move(plan_);
  }

 private:
  void plan_machine(Index index);
  std::optional<Intent> intent_of(Index index, std::string& unchanged);
  void add_key_intents(const model::VirtualMachine& machine, Intent& intent, std::string& unchanged);
  Intent repair_intent(Index index);
  void clean();
  void clean_file(const model::TrackingFile& tracking);
  [[nodiscard]] bool wants_fix(const analysis::Finding& finding) const;
  [[nodiscard]] std::string option_for(Code code) const;

  const model::Datastore& datastore_;
  const analysis::Findings& findings_;
  const Request& request_;
  const std::vector<Site>& sites_;
  Plan plan_;
};

std::string Planner::option_for(Code code) const {
  for (const Choice& choice : request_.choices) {
    if (choice.code == code) return choice.option;
  }
  return {};
}

bool Planner::wants_fix(const analysis::Finding& finding) const {
  if (finding.certainty != analysis::Certainty::hit) return false;
  if (finding.fix == analysis::Fix::choice) return !option_for(finding.code).empty();
  if (finding.fix != analysis::Fix::safe) return false;
  if (request_.only.empty()) return request_.choices.empty();
  return std::find(request_.only.begin(), request_.only.end(), finding.code) != request_.only.end();
}

// What enable, disable and reset want of each disk.
void Planner::add_key_intents(const model::VirtualMachine& machine, Intent& intent, std::string& unchanged) {
  const bool vm_on = is_true(machine.settings.ctk_enabled);
  bool any = false;
  bool starts_anew = false;
  for (const model::Disk& disk : machine.disks) {
    if (!request_.has_slot(disk.settings.slot)) continue;
    const CbtState state = analysis::judge(datastore_, machine, disk).state;
    const bool trackable = state != CbtState::unsupported;
    const bool disk_on = is_true(disk.settings.ctk_enabled);
    // It starts anew at the next power-on as it is.
    const bool stands_free =
        state == CbtState::pending && !has_default_tracking(datastore_, disk) && !names_tracking(datastore_, disk);
    DiskIntent wanted;
    if (request_.verb == "disable") {
      wanted.key = false;
      wanted.strip = true;
      any |= disk_on || vm_on || names_tracking(datastore_, disk) || has_default_tracking(datastore_, disk);
    } else if (stands_free) {
      starts_anew = true;
      continue;
    } else if (request_.verb == "enable") {
      if (!trackable || state == CbtState::tracked) continue;
      wanted.key = true;
      wanted.strip = true;
      any = true;
    } else if (vm_on && disk_on) {
      wanted.strip = true;
      if (trackable)
        wanted.key = true;
      else
        wanted.key = false;
      any = true;
    } else if (vm_on && request_.whole_machine) {
      wanted.strip = true;  // as disable does, and its key was not TRUE
    }
    if (wanted.key || wanted.strip) intent.disks[disk.settings.slot] = wanted;
  }
  if (!any) {
    unchanged = request_.verb == "enable"    ? "CBT is on already"
                : request_.verb == "disable" ? "CBT is off already"
                : starts_anew                ? "tracking starts anew at the next power-on as it is"
                                             : "CBT is off here; use enable";
    return;
  }
  if (request_.verb == "disable" && request_.whole_machine) intent.vm_key = false;
  if (request_.verb == "enable") intent.vm_key = true;
  if (request_.verb == "reset" && request_.whole_machine) intent.vm_key = true;
}

// The choices and safe fixes of the findings about one machine.
Intent Planner::repair_intent(Index index) {
  const model::VirtualMachine& machine = datastore_.virtual_machines[index];
  Intent intent;
  for (const analysis::Finding& finding : findings_.found) {
    if (finding.machine != index || !wants_fix(finding)) continue;
    if (!finding.slot.empty() && !request_.has_slot(finding.slot)) continue;
    add_fix(datastore_, machine, finding, option_for(finding.code), intent);
  }
  return intent;
}

std::optional<Intent> Planner::intent_of(Index index, std::string& unchanged) {
  if (request_.verb == "repair") {
    Intent intent = repair_intent(index);
    return intent.is_empty() ? std::nullopt : std::optional(std::move(intent));
  }
  Intent intent;
  add_key_intents(datastore_.virtual_machines[index], intent, unchanged);
  return intent;
}

void Planner::plan_machine(Index index) {
  const model::VirtualMachine& machine = datastore_.virtual_machines[index];
  const std::string& path = datastore_.files[machine.file].path;
  std::string unchanged;
  const bool repair = request_.verb == "repair";
  std::optional<Intent> intent;
  if (repair) {
    intent = intent_of(index, unchanged);
    if (!intent) return;  // nothing to repair here
  }
  if (auto refused = refuse_machine(datastore_, machine, request_)) {
    plan_.refused.push_back(std::move(*refused));
    return;
  }
  const bool allows_duplicates = repair && !option_for(Code::vmx_duplicate_key).empty();
  if (!machine.settings.duplicates.empty() && !allows_duplicates) {
    plan_.refused.push_back(
        refusal(datastore_, machine, "duplicate-keys", machine.settings.duplicates.front().key + " stands twice"));
    return;
  }
  if (!repair) intent = intent_of(index, unchanged);
  if (!unchanged.empty()) {
    const bool no_disk_fits = request_.verb == "enable" && !machine.disks.empty() &&
                              std::all_of(machine.disks.begin(), machine.disks.end(), [&](const model::Disk& disk) {
                                return analysis::judge(datastore_, machine, disk).state == CbtState::unsupported;
                              });
    if (no_disk_fits || (machine.disks.empty() && request_.verb == "enable")) {
      plan_.refused.push_back(
          refusal(datastore_, machine, "no-trackable-disk", "no disk of this machine can be tracked"));
    } else {
      plan_.unchanged.push_back({path, unchanged});
    }
    return;
  }
  const Index target = datastore_.files[machine.file].target;
  if (target >= sites_.size() || !sites_[target].writer) {
    plan_.refused.push_back(refusal(datastore_, machine, "unreadable", "the target cannot be written"));
    return;
  }
  auto compiled = compile(datastore_, machine, *intent, request_, sites_[target]);
  if (auto* refused = std::get_if<Refusal>(&compiled)) {
    plan_.refused.push_back(std::move(*refused));
    return;
  }
  auto& machine_plan = std::get<MachinePlan>(compiled);
  if (machine_plan.changes.empty()) {
    plan_.unchanged.push_back({path, "nothing to change"});
  } else {
    plan_.machines.push_back(std::move(machine_plan));
  }
}

// --- clean: CTK files that nothing names ----------------------------------------------------------------------------

void Planner::clean() {
  for (const analysis::Finding& finding : findings_.found) {
    const bool unnamed = finding.code == Code::ctk_orphan || finding.code == Code::ctk_orphan_snapshot ||
                         finding.code == Code::ctk_leftover;
    if (!unnamed || finding.certainty != analysis::Certainty::hit || finding.fix != analysis::Fix::safe) continue;
    if (request_.verb == "repair" && !wants_fix(finding)) continue;
    for (const model::TrackingFile& tracking : datastore_.tracking_files) {
      const model::File& file = datastore_.files[tracking.file];
      if (file.path == finding.path && file.target == finding.target && tracking.named_by.empty()) clean_file(tracking);
    }
  }
}

void Planner::clean_file(const model::TrackingFile& tracking) {
  const model::File& file = datastore_.files[tracking.file];
  const auto folder_of = [](std::string_view path) {
    return path.substr(0, path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/'));
  };
  const model::VirtualMachine* owner = nullptr;
  bool selected = false;
  for (const model::VirtualMachine& machine : datastore_.virtual_machines) {
    const model::File& configuration = datastore_.files[machine.file];
    if (configuration.target != file.target || folder_of(configuration.path) != folder_of(file.path)) continue;
    owner = &machine;
    selected |= request_.selected(machine);
    Request as_is = request_;
    as_is.include_templates = true;
    if (auto refused = refuse_machine(datastore_, machine, as_is)) {
      refused->message = file.path + ": " + refused->message;
      if (request_.selected(machine)) plan_.refused.push_back(std::move(*refused));
      return;
    }
  }
  if (owner != nullptr ? !selected : !request_.everything) return;
  const std::string vm = owner != nullptr ? datastore_.files[owner->file].path : file.path;
  if (file.target >= sites_.size() || !sites_[file.target].writer) {
    plan_.refused.push_back({vm, "unreadable", "the target cannot be written"});
    return;
  }
  const Site& site = sites_[file.target];
  const auto status = site.writer->status(file.path);
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  if (!status) {
    plan_.refused.push_back({vm, "unreadable", status.error().message});
    return;
  }
  if (status->modified_ns > now - request_.least_age_ns) {
    plan_.refused.push_back({vm, "too-young", file.path + " was changed less than --min-age ago"});
    return;
  }
  const auto change = quarantine_of(*site.writer, file.path, "no descriptor names it");
  if (!change) {
    plan_.refused.push_back({vm, "unreadable", change.error().message});
    return;
  }
  const auto same = std::find_if(plan_.machines.begin(), plan_.machines.end(), [&](const MachinePlan& machine) {
    return machine.vm == vm && machine.target == file.target;
  });
  if (same != plan_.machines.end()) {
    const bool planned = std::any_of(same->changes.begin(), same->changes.end(),
                                     [&](const Change& each) { return each.path == file.path; });
    if (!planned) same->changes.push_back(*change);
    return;
  }
  MachinePlan machine{
      .target = file.target, .root = site.root, .vm = vm, .changes = {*change}, .witnesses = {}, .promised = {}};
  machine.checks_power = owner != nullptr;
  if (owner != nullptr) machine.witnesses = witnesses_of(datastore_, *owner, *site.writer);
  plan_.machines.push_back(std::move(machine));
}

}  // namespace

Plan make_plan(const model::Datastore& datastore, const analysis::Findings& findings, const Request& request,
               const std::vector<Site>& sites) {
  return Planner(datastore, findings, request, sites).make();
}

}  // namespace cbtctl::repair
