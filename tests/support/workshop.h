// A datastore in memory that is changed: plans are made, carried out, stopped and recovered on it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "analysis/analyzer.h"
#include "repair/executor.h"
#include "repair/planner.h"
#include "repair/recovery.h"
#include "tests/support/findings.h"
#include "tests/support/memory_writer.h"

// How Catch prints them.
namespace cbtctl::repair {
inline std::ostream& operator<<(std::ostream& out, Outcome outcome) { return out << name_of(outcome); }
inline std::ostream& operator<<(std::ostream& out, Reason reason) { return out << name_of(reason); }
}  // namespace cbtctl::repair

namespace support {

using cbtctl::repair::Outcome;
using cbtctl::repair::Reason;
namespace repair = cbtctl::repair;

class MemoryJournal final : public repair::Journal {
 public:
  formats::core::Status append(repair::Step step) override {
    if (!may_write()) return formats::core::Error{formats::core::ErrorKind::unavailable, "the journal is gone"};
    steps.push_back(std::move(step));
    return formats::core::success();
  }
  std::vector<repair::Step> steps;
  std::function<bool()> may_write = [] { return true; };
};

inline const std::string root = "/mnt/ds";

inline Datastore scan_disk(const MemoryDisk& disk) {
  std::vector<Source> sources(1);  // a list would copy every flat file once more, at every stop of the crash tests
  sources[0].location = root;
  sources[0].place = disk.place();
  return scan(std::move(sources));
}

inline repair::Request request_for(std::string_view verb, std::vector<repair::Choice> choices = {}) {
  repair::Request request;
  request.verb = repair::verb_from(verb).value();
  request.choices = std::move(choices);
  return request;
}

// What lies there: path and content, without what cbtctl keeps for itself.
inline Files contents_of(const MemoryDisk& disk) {
  Files files;
  for (const auto& [path, inode] : disk.files()) {
    if (path.find(".cbtctl/") == std::string::npos) files[path] = inode->content;
  }
  return files;
}

struct Workshop {
  explicit Workshop(const Files& files) {
    for (const auto& [path, content] : files) disk.put(path, content, path.ends_with(".vmx") ? 0755 : 0600);
    use(disk.writer());
  }

  void use(std::shared_ptr<storage::Writer> writer) { sites = {{root, std::move(writer)}}; }

  [[nodiscard]] repair::Look look() const {
    return [this](const repair::MachinePlan&) { return scan_disk(disk); };
  }
  [[nodiscard]] repair::Plan plan(const repair::Request& request) const {
    const Datastore datastore = scan_disk(disk);
    return repair::make_plan(datastore, cbtctl::analysis::analyze(datastore), request, sites);
  }
  [[nodiscard]] repair::Plan plan(const std::string& verb) const { return plan(request_for(verb)); }

  // Sealed and owned, as a verb begins a run.
  [[nodiscard]] repair::Plan begun(const std::string& verb) const { return begun(request_for(verb)); }
  [[nodiscard]] repair::Plan begun(const repair::Request& request) const {
    repair::Plan made = plan(request);
    for (auto& machine : made.machines) static_cast<void>(repair::seal(machine, sites));
    made.owner = repair::this_owner();
    return made;
  }
  repair::MachineResult carry_out(const repair::Plan& made, std::size_t machine = 0) {
    return repair::carry_out(made, made.machines.at(machine), {sites, journal, look()});
  }
  repair::MachineResult take_back(const repair::Plan& made, std::size_t machine = 0) {
    return repair::take_back(made, made.machines.at(machine), {sites, journal, look()});
  }
  repair::MachineResult run(const std::string& verb) { return carry_out(begun(verb)); }

  // As the next verb that writes does, with the word that the process of this test is dead.
  std::vector<repair::MachineResult> recover(const std::string& folder) {
    std::vector<repair::MachineResult> results;
    for (int round = 0; round < 4; ++round) {
      auto found = repair::find_unfinished({0, folder}, *sites[0].writer);
      if (!found) break;
      found->life = repair::Life::dead;
      results.push_back(repair::recover(*found, sites, look(), true));
      const Outcome outcome = results.back().outcome;
      if (outcome != Outcome::changed && outcome != Outcome::rolled_back) break;
    }
    return results;
  }

  [[nodiscard]] std::string state(const std::string& vm, const std::string& slot = "scsi0:0") const {
    const Datastore now = scan_disk(disk);
    for (const auto& machine : now.virtual_machines) {
      if (now.files[machine.file].path != vm) continue;
      for (const auto& each : machine.disks) {
        if (each.settings.slot == slot) return std::string(name_of(cbtctl::analysis::judge(now, machine, each).state));
      }
    }
    return "no such disk";
  }

  MemoryDisk disk;
  std::vector<repair::Site> sites;
  MemoryJournal journal;
};

// The kinds of the steps, "edit x/x.vmx" and so on.
inline std::vector<std::string> steps_of(const repair::Plan& plan) {
  std::vector<std::string> steps;
  for (const auto& machine : plan.machines) {
    for (const auto& change : machine.changes)
      steps.push_back(std::string(name_of(change.kind)) + " " + change.spot.path);
  }
  return steps;
}

inline std::string reason_of(const repair::Plan& plan) {
  return plan.refused.empty() ? std::string() : std::string(name_of(plan.refused.front().reason));
}
inline std::string reason_of(const repair::MachineResult& result) {
  return result.reason ? std::string(name_of(*result.reason)) : std::string();
}
// "rolled-back: why", for whoever reads that a test failed.
inline std::string told(const repair::MachineResult& result) {
  return std::string(name_of(result.outcome)) + ": " + result.message;
}

// x/x.vmx with two disks, both tracked.
inline Files two_disks() {
  return with(healthy(),
              {{"x/x.vmx", vmx("x.vmdk", both_keys + "scsi0:1.present = \"TRUE\"\nscsi0:1.fileName = \"x_1.vmdk\"\n"
                                                     "scsi0:1.ctkEnabled = \"TRUE\"\n")},
               {"x/x_1.vmdk", small_descriptor("x_1-flat.vmdk", "x_1-ctk.vmdk")},
               {"x/x_1-flat.vmdk", small_flat()},
               {"x/x_1-ctk.vmdk", small_tracking()}});
}

}  // namespace support
