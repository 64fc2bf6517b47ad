#include "repair/proof.h"

#include <algorithm>

#include "analysis/analyzer.h"
#include "analysis/cbt_state.h"
#include "repair/guards.h"

namespace cbtctl::repair {
namespace {

using analysis::CbtState;

const DiskRecord* record_of(const MachinePlan& plan, const std::string& slot) {
  const auto found =
      std::find_if(plan.disks.begin(), plan.disks.end(), [&](const DiskRecord& disk) { return disk.slot == slot; });
  return found == plan.disks.end() ? nullptr : &*found;
}

std::optional<std::string> promise_of(const MachinePlan& plan, const std::string& slot) {
  for (const auto& [promised_slot, state] : plan.promised) {
    if (promised_slot == slot) return state;
  }
  return std::nullopt;
}

// "52 de c0 ... 63/4" -> the UUID.
std::string uuid_of(const std::string& change_id) { return change_id.substr(0, change_id.rfind('/')); }

bool restarted(const MachinePlan& plan, const std::string& slot, const analysis::CbtVerdict& verdict) {
  const DiskRecord* before = record_of(plan, slot);
  return verdict.state == CbtState::tracked && verdict.change_id && before != nullptr &&
         uuid_of(*verdict.change_id) != uuid_of(before->change_id);
}

std::optional<std::string> broken_state(const MachinePlan& plan, const std::string& slot,
                                        const analysis::CbtVerdict& verdict, bool has_run) {
  const std::string state(name_of(verdict.state));
  const DiskRecord* before = record_of(plan, slot);
  const auto promised = promise_of(plan, slot);
  if (has_run && promised == "pending" && restarted(plan, slot, verdict)) return std::nullopt;
  if (promised && *promised != state) return slot + " is " + state + ", promised was " + *promised;
  if (verdict.state == CbtState::tracked && before != nullptr && before->state != "tracked")
    return slot + " became tracked";
  return std::nullopt;
}

std::string verdict_of(const MachinePlan& plan, const DiskProof& proof, const analysis::CbtVerdict& verdict) {
  if (proof.promised != "pending") return proof.state == proof.promised ? proof.state + ", proven" : "not as promised";
  if (proof.state == "pending") return "not started yet: power the VM on";
  if (restarted(plan, proof.slot, verdict))
    return proof.change_id_before.empty() ? "started, proven" : "restarted, proven";
  return verdict.state == CbtState::tracked && verdict.change_id ? "not restarted: the UUID is the old one"
                                                                 : "not as promised";
}

}  // namespace

std::optional<std::string> broken_promise(const MachinePlan& machine, const model::Datastore& now, bool has_run) {
  const model::VirtualMachine* found = find_machine(now, machine.vm);
  if (machine.has_machine && found == nullptr) return machine.vm + " is not found any more";
  if (found != nullptr) {
    for (const model::Disk& disk : found->disks) {
      auto broken = broken_state(machine, disk.settings.slot, analysis::judge(now, *found, disk), has_run);
      if (broken) return broken;
    }
  }
  if (machine.fixed.empty()) return std::nullopt;
  for (const analysis::Finding& finding : analysis::analyze(now).found) {
    const std::string fingerprint = fingerprint_of(finding);
    if (std::find(machine.fixed.begin(), machine.fixed.end(), fingerprint) != machine.fixed.end())
      return finding.path + " still shows what was to be repaired";
  }
  return std::nullopt;
}

std::vector<DiskProof> prove(const MachinePlan& machine, const model::Datastore& now) {
  std::vector<DiskProof> proofs;
  const model::VirtualMachine* found = find_machine(now, machine.vm);
  for (const auto& [slot, promised] : machine.promised) {
    const DiskRecord* before = record_of(machine, slot);
    DiskProof proof{.vm = machine.vm,
                    .slot = slot,
                    .promised = promised,
                    .change_id_before = before != nullptr ? before->change_id : std::string()};
    proof.verdict = "the disk is not found any more";
    for (const model::Disk& disk : found != nullptr ? found->disks : std::vector<model::Disk>{}) {
      if (disk.settings.slot != slot) continue;
      const auto verdict = analysis::judge(now, *found, disk);
      proof.state = name_of(verdict.state);
      proof.change_id = verdict.change_id.value_or("");
      proof.verdict = verdict_of(machine, proof, verdict);
    }
    proofs.push_back(std::move(proof));
  }
  return proofs;
}

}  // namespace cbtctl::repair
