#include "repair/planner.h"

#include <algorithm>

#include "analysis/analyzer.h"
#include "analysis/cbt_state.h"
#include "formats/vmware/names.h"
#include "repair/compiler.h"
#include "repair/fix.h"
#include "repair/guards.h"
#include "repair/journal.h"
#include "repair/key_verbs.h"
#include "repair/record.h"
#include "repair/tracking.h"
#include "repair/unnamed.h"

namespace cbtctl::repair {
namespace {

using analysis::Code;
using analysis::Finding;
using model::Index;

class Planner {
 public:
  Planner(const model::Datastore& datastore, const analysis::Findings& findings, const Request& request,
          const std::vector<Site>& sites)
      : datastore_(datastore), users_(datastore), findings_(findings), request_(request), sites_(sites) {}

  Plan make() {
    plan_.id = new_run_id(newest_run());
    plan_.verb = request_.verb;
    if (request_.verb != Verb::clean) {
      look_ahead(datastore_, selected(), sites_);
      for (Index i = 0; i < datastore_.virtual_machines.size(); ++i) {
        if (request_.selected(datastore_.virtual_machines[i])) plan_machine(i);
      }
    }
    if (request_.verb == Verb::clean || request_.verb == Verb::repair) clean();
    if (request_.verb == Verb::repair && request_.every_machine) tell_unowned();
    return std::move(plan_);
  }

 private:
  // Of this operator, or on these targets: the runs of one machine are in the order of their ids, whoever made them and
  // whatever his clock said.
  [[nodiscard]] std::string newest_run() const {
    std::string newest = newest_recorded();
    for (const model::Quarantine& quarantine : datastore_.quarantine) {
      for (const std::string& run : quarantine.runs) {
        if (is_run_id(run)) newest = std::max(newest, run);
      }
    }
    return newest;
  }

  [[nodiscard]] std::vector<const model::VirtualMachine*> selected() const {
    std::vector<const model::VirtualMachine*> machines;
    for (const model::VirtualMachine& machine : datastore_.virtual_machines) {
      if (request_.selected(machine)) machines.push_back(&machine);
    }
    return machines;
  }

  [[nodiscard]] std::optional<analysis::Option> option_for(Code code) const {
    for (const Choice& choice : request_.choices) {
      if (choice.code == code) return choice.option;
    }
    return std::nullopt;
  }

  // A choice that is named counts as asked for; a safe fix unless others are.
  [[nodiscard]] bool wants_fix(const Finding& finding) const {
    if (finding.certainty != analysis::Certainty::hit) return false;
    if (finding.fix == analysis::Fix::choice) return option_for(finding.code).has_value();
    if (finding.fix != analysis::Fix::safe) return false;
    return request_.only.empty() ||
           std::find(request_.only.begin(), request_.only.end(), finding.code) != request_.only.end();
  }

  void refuse(Refusal refusal, Index target, const std::string& name = {}) {
    refusal.target = target;
    refusal.name = name;
    plan_.refused.push_back(std::move(refusal));
  }

  void plan_machine(Index index) {
    const model::VirtualMachine& machine = datastore_.virtual_machines[index];
    const auto has_slot = [&](const model::Disk& disk) { return request_.has_slot(disk.settings.slot); };
    if (!request_.whole_machine && std::none_of(machine.disks.begin(), machine.disks.end(), has_slot)) return;
    const Index target = datastore_.files[machine.file].target;
    Intent intent;
    std::vector<std::string> fixed;
    const bool repair = request_.verb == Verb::repair;
    if (repair) {
      intent = repair_intent(index, fixed);
      if (!intent.touches_machine()) return;  // nothing to repair here
    }
    if (auto objection = refuse_machine(datastore_, machine, request_))
      return refuse(std::move(*objection), target, machine.settings.display_name);
    if (auto objection = refuse_duplicates(datastore_, machine, intent))
      return refuse(std::move(*objection), target, machine.settings.display_name);
    if (!repair) {
      Wish wish = wish_of(datastore_, machine, request_);
      if (wish.none_fits) return refuse(refuse_untrackable(datastore_, machine), target, machine.settings.display_name);
      if (!wish.unchanged.empty())
        return plan_.unchanged.push_back(
            {datastore_.files[machine.file].path, wish.unchanged, target, machine.settings.display_name});
      intent = std::move(wish.intent);
    }
    add(compile(users_, machine, intent, sites_), machine, std::move(fixed));
  }

  void add(std::variant<MachinePlan, Refusal> compiled, const model::VirtualMachine& machine,
           std::vector<std::string> fixed) {
    const Index target = datastore_.files[machine.file].target;
    if (auto* objection = std::get_if<Refusal>(&compiled))
      return refuse(std::move(*objection), target, machine.settings.display_name);
    auto& plan = std::get<MachinePlan>(compiled);
    if (plan.changes.empty())
      return plan_.unchanged.push_back({plan.vm, "nothing to change", target, machine.settings.display_name});
    plan.fixed = std::move(fixed);
    keep_words(machine, plan);
    plan_.machines.push_back(std::move(plan));
  }

  void keep_words(const model::VirtualMachine& machine, MachinePlan& plan) const {
    plan.assumed_off = machine.power.state != model::PowerState::off;
    plan.assumed_unregistered = is_among(request_.assumed_unregistered, datastore_, machine);
  }

  // The choices and safe fixes of the findings about one machine.
  Intent repair_intent(Index index, std::vector<std::string>& fixed) const {
    Intent intent;
    for (const Finding& finding : findings_.found) {
      if (finding.machine != index || !wants_fix(finding)) continue;
      if (!finding.slot.empty() && !request_.has_slot(finding.slot)) continue;
      for (const Fix& fix : fixes()) {
        if (fix.code != finding.code) continue;
        fix.add({datastore_, datastore_.virtual_machines[index], finding, option_for(finding.code)}, intent);
        fixed.push_back(fingerprint_in_target(finding));
      }
    }
    return intent;
  }

  // A descriptor that no machine runs on: nothing proves that it is at rest.
  void tell_unowned() {
    for (const Finding& finding : findings_.found) {
      if (finding.machine || is_about_unnamed(finding) || !wants_fix(finding)) continue;
      refuse({finding.path, Reason::power_unknown, "no virtual machine of the scan runs on it"}, finding.target);
    }
  }

  // --- CTK files that nothing names ---------------------------------------------------------------------------------

  void clean() {
    for (const Finding& finding : findings_.found) {
      if (!is_about_unnamed(finding) || finding.certainty != analysis::Certainty::hit) continue;
      if (!wants_unnamed(finding)) continue;
      for (const model::TrackingFile& tracking : datastore_.tracking_files) {
        const model::File& file = datastore_.files[tracking.file];
        if (file.path == finding.path && file.target == finding.target && tracking.named_by.empty())
          clean_file(file, finding);
      }
    }
  }

  [[nodiscard]] bool wants_unnamed(const Finding& finding) const {
    if (request_.verb == Verb::repair) return wants_fix(finding);
    return finding.fix == analysis::Fix::safe || (finding.fix == analysis::Fix::choice && request_.any_layout);
  }

  [[nodiscard]] bool belongs_to_slot(const model::VirtualMachine& machine, const model::File& file) const {
    return request_.whole_machine ||
           std::any_of(machine.disks.begin(), machine.disks.end(), [&](const model::Disk& disk) {
             return request_.has_slot(disk.settings.slot) &&
                    std::any_of(disk.chain.begin(), disk.chain.end(), [&](const model::ChainLink& link) {
                      return link.own && link.reference.file &&
                             formats::vmware::tracking_of_disk(datastore_.files[*link.reference.file].path) ==
                                 file.path;
                    });
           });
  }

  void clean_file(const model::File& file, const Finding& finding) {
    const auto owners = owners_of(users_, file);
    const auto owner = std::find_if(owners.begin(), owners.end(), [&](const model::VirtualMachine* machine) {
      return request_.selected(*machine) && belongs_to_slot(*machine, file);
    });
    const bool owned = owner != owners.end();
    if (!owned && !(owners.empty() && request_.every_machine && request_.whole_machine)) return;
    const std::string vm = owned ? datastore_.files[(*owner)->file].path : file.path;
    const std::string name = owned ? (*owner)->settings.display_name : std::string();
    const Index target = owned ? datastore_.files[(*owner)->file].target : file.target;
    if (file.target >= sites_.size() || !sites_[file.target].writer)
      return refuse({vm, Reason::unreadable, "the target cannot be written"}, target, name);
    storage::Writer& writer = *sites_[file.target].writer;
    if (auto objection = refuse_unnamed(users_, file, request_, writer))
      return refuse(std::move(*objection), target, name);
    MachinePlan& plan = plan_of(vm, target, owned ? *owner : nullptr);
    const Spot spot = spot_in(plan, file);
    if (auto objection = add_unnamed(datastore_, file.target, spot, writer, plan)) {
      if (plan.changes.empty()) plan_.machines.pop_back();  // it was made for this file alone, so it is the last
      return refuse(std::move(*objection), target, name);
    }
    plan.intent.unnamed.push_back(spot);
    plan.intent.least_age_ns = request_.least_age_ns;
    plan.fixed.push_back(fingerprint_in_target(finding));
  }

  MachinePlan& plan_of(const std::string& vm, Index target, const model::VirtualMachine* machine) {
    for (MachinePlan& plan : plan_.machines) {
      if (plan.vm == vm && plan.roots.front().target == target) return plan;
    }
    MachinePlan plan{.roots = {}, .vm = vm, .name = {}, .intent = {}};
    Roots roots(datastore_, sites_, target);
    plan.has_machine = machine != nullptr;
    if (machine != nullptr) {
      plan.name = machine->settings.display_name;
      record(datastore_, *machine, roots, plan);
      keep_words(*machine, plan);
    }
    plan.roots = roots.all();
    plan_.machines.push_back(std::move(plan));
    return plan_.machines.back();
  }

  Spot spot_in(MachinePlan& plan, const model::File& file) const {
    for (std::size_t i = 0; i < plan.roots.size(); ++i) {
      if (plan.roots[i].target == file.target) return {i, file.path};
    }
    plan.roots.push_back({file.target, sites_[file.target].root});
    return {plan.roots.size() - 1, file.path};
  }

  const model::Datastore& datastore_;
  const Users users_;
  const analysis::Findings& findings_;
  const Request& request_;
  const std::vector<Site>& sites_;
  Plan plan_;
};

}  // namespace

std::vector<Site> sites_of(const MachinePlan& machine, const std::vector<Site>& by_target) {
  std::vector<Site> sites;
  for (const Root& root : machine.roots) sites.push_back(by_target[root.target]);
  return sites;
}

Plan make_plan(const model::Datastore& datastore, const analysis::Findings& findings, const Request& request,
               const std::vector<Site>& sites) {
  return Planner(datastore, findings, request, sites).make();
}

}  // namespace cbtctl::repair
