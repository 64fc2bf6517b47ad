// From a verb and a datastore to a plan. It reads, never writes.
//
// One invariant holds for every verb and fix, and stands in one function (compile): a disk that will be on and was not
// tracked before loses every CTK line and every CTK file in its way first, so that no CTK file that may have missed
// writes is ever trusted again. Keys go FALSE first and TRUE last: any prefix of a plan is CBT off.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analysis/finding.h"
#include "model/datastore.h"
#include "repair/plan.h"
#include "storage/writer.h"

namespace cbtctl::repair {

struct Choice {
  analysis::Code code{};
  std::string option;
};

struct Request {
  std::string verb;  // enable, disable, reset, clean, repair
  bool include_templates = false;
  std::vector<std::string> assumed_off;  // .vmx paths or names that the operator vouches for
  std::int64_t least_age_ns = std::int64_t{24} * 3600 * 1'000'000'000;  // clean
  std::vector<analysis::Code> only;                                     // repair; empty: all safe ones
  std::vector<Choice> choices;                                          // repair
  std::function<bool(const model::VirtualMachine&)> selected;
  std::function<bool(const std::string& slot)> has_slot;
  bool whole_machine = true;  // no --disk was given
  bool everything = true;     // nothing was selected by name: files that belong to no machine are meant too
};

// One per target, by index; empty where the target cannot be written.
struct Site {
  std::string root;
  std::shared_ptr<storage::Writer> writer;
};

[[nodiscard]] Plan make_plan(const model::Datastore& datastore, const analysis::Findings& findings,
                             const Request& request, const std::vector<Site>& sites);

}  // namespace cbtctl::repair
