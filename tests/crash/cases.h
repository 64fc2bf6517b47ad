// What the crash tests stop: a verb on a datastore, each of a different shape.
#pragma once

#include <string>
#include <vector>

#include "tests/support/workshop.h"

namespace crash {

using support::Files;

struct Case {
  std::string name;
  Files files;
  cbtctl::repair::Request request;
};

inline std::vector<Case> cases() {
  using cbtctl::analysis::Code;
  Files broken = support::two_disks();
  broken["x/x_1-ctk.vmdk"] = support::small_tracking(1024);
  Files twice = support::healthy();
  twice["x/x.vmx"] = support::vmx("x.vmdk", support::both_keys + "scsi0:0.CTKENABLED = \"FALSE\"\n");
  auto clean = support::request_for("clean");
  clean.least_age_ns = 0;
  const Files elsewhere{{"x/x.vmx", support::vmx("../data/x.vmdk", support::both_keys)},
                        {"data/x.vmdk", support::small_descriptor("x-flat.vmdk", "x-ctk.vmdk")},
                        {"data/x-flat.vmdk", support::small_flat()},
                        {"data/x-ctk.vmdk", support::small_tracking()}};
  return {{"reset of two disks", support::two_disks(), support::request_for("reset")},
          {"disable of two disks", support::two_disks(), support::request_for("disable")},
          {"enable beside a tracked disk", broken, support::request_for("enable")},
          {"reset of a disk in another folder", elsewhere, support::request_for("reset")},
          {"repair of a key that stands twice", twice,
           support::request_for("repair", {{Code::vmx_duplicate_key, cbtctl::analysis::Option::keep_first}})},
          {"clean",
           support::with(support::healthy(), {{"x/gone-ctk.vmdk", "x" + support::small_tracking()},
                                              {"x/x-000007-ctk.vmdk", support::small_tracking()}}),
           clean}};
}

// The folders in which a case leaves something.
inline std::vector<std::string> folders() { return {"x", "data"}; }

inline bool has_lock(const support::MemoryDisk& disk) {
  for (const std::string& folder : folders()) {
    if (disk.folders().contains(folder + "/.cbtctl/lock")) return true;
  }
  return false;
}

// Between the beginning and the end every disk that is touched is off, whatever happens then.
inline bool is_off_in_between(const support::Workshop& shop, const cbtctl::repair::Plan& plan, const Files& before,
                              const Files& changed) {
  const Files now = support::contents_of(shop.disk);
  if (now == before || now == changed) return true;
  for (const auto& [slot, promised] : plan.machines.at(0).promised) {
    const std::string state = shop.state("x/x.vmx", slot);
    if (state == "tracked" || state == "broken" || state == "pending") return false;
  }
  return true;
}

}  // namespace crash
