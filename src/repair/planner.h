// From a verb and a datastore to a plan. It reads, never writes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "analysis/finding.h"
#include "analysis/option.h"
#include "model/datastore.h"
#include "repair/plan.h"
#include "storage/commands.h"
#include "storage/writer.h"

namespace cbtctl::repair {

struct Choice {
  analysis::Code code{};
  analysis::Option option{};
};

struct Request {
  Verb verb{};
  bool include_templates = false;
  std::vector<std::string> assumed_off;  // .vmx paths or names that the operator vouches for
  std::vector<std::string> assumed_unregistered;
  std::int64_t least_age_ns = std::int64_t{24} * 3600 * 1'000'000'000;  // clean
  bool any_layout = false;                                              // clean: also of a header not understood
  std::vector<analysis::Code> only;                                     // repair; empty: all safe ones
  std::vector<Choice> choices;                                          // repair
  std::function<bool(const model::VirtualMachine&)> selected = [](const auto&) { return true; };
  std::function<bool(const std::string& slot)> has_slot = [](const auto&) { return true; };
  bool every_machine = true;  // no --vm was given: also files that belong to no machine
  bool whole_machine = true;  // no --disk was given
};

// A place that is written to: of each target while planning, of each root of one machine's plan afterwards. Without a
// writer where it cannot be written.
struct Site {
  std::string root;
  std::shared_ptr<storage::Writer> writer;
  std::shared_ptr<storage::Commands> commands;  // of the host that it lies on; empty on a mount
};

[[nodiscard]] std::vector<Site> sites_of(const MachinePlan& machine, const std::vector<Site>& by_target);

[[nodiscard]] Plan make_plan(const model::Datastore& datastore, const analysis::Findings& findings,
                             const Request& request, const std::vector<Site>& sites);

// The same intent, planned anew from what is there now: a fresh look whose targets are the plan's roots. Every guard
// is asked again.
[[nodiscard]] std::variant<MachinePlan, Refusal> plan_again(const MachinePlan& earlier, Verb verb,
                                                            const model::Datastore& now,
                                                            const std::vector<Site>& sites);

// What of an earlier plan does not hold any more; nothing where it does.
[[nodiscard]] std::optional<std::string> difference(const MachinePlan& earlier, const MachinePlan& again);

// Fills in the digests of what is moved; `sites` by the plan's roots. `changed` where a file is not what it was when
// the plan was made.
formats::core::Status seal(MachinePlan& machine, const std::vector<Site>& sites);
// Of all machines; `sites` by Root::target. A file that is not what it was is told when its machine's turn comes.
void seal_all(Plan& plan, const std::vector<Site>& sites);

}  // namespace cbtctl::repair
