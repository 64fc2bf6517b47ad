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

std::optional<CbtState> promise_of(const MachinePlan& plan, const std::string& slot) {
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
  const DiskRecord* before = record_of(plan, slot);
  const auto promised = promise_of(plan, slot);
  if (has_run && promised == CbtState::pending && restarted(plan, slot, verdict)) return std::nullopt;
  if (promised && *promised != verdict.state) {
    return slot + " is " + std::string(name_of(verdict.state)) + ", promised was " + std::string(name_of(*promised));
  }
  if (verdict.state == CbtState::tracked && before != nullptr && before->state != CbtState::tracked)
    return slot + " became tracked";
  return std::nullopt;
}

ProofVerdict verdict_of(const MachinePlan& plan, const DiskProof& proof, const analysis::CbtVerdict& verdict) {
  if (proof.promised != CbtState::pending)
    return verdict.state == proof.promised ? ProofVerdict::as_promised : ProofVerdict::not_as_promised;
  if (verdict.state == CbtState::pending) return ProofVerdict::not_started;
  if (restarted(plan, proof.slot, verdict))
    return proof.change_id_before.empty() ? ProofVerdict::started : ProofVerdict::restarted;
  return verdict.state == CbtState::tracked && verdict.change_id ? ProofVerdict::not_restarted
                                                                 : ProofVerdict::not_as_promised;
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
    const std::string fingerprint = fingerprint_in_target(finding);
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
    for (const model::Disk& disk : found != nullptr ? found->disks : std::vector<model::Disk>{}) {
      if (disk.settings.slot != slot) continue;
      const auto verdict = analysis::judge(now, *found, disk);
      proof.state = verdict.state;
      proof.change_id = verdict.change_id.value_or("");
      proof.verdict = verdict_of(machine, proof, verdict);
    }
    proofs.push_back(std::move(proof));
  }
  return proofs;
}

}  // namespace cbtctl::repair
