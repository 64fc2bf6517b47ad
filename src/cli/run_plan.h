// The second half of every writing verb: show the plan, ask, carry it out, prove it.
#pragma once

#include <functional>
#include <vector>

#include "cli/plan_places.h"
#include "cli/recover.h"
#include "cli/targets.h"
#include "repair/executor.h"
#include "repair/planner.h"
#include "report/plan.h"

namespace cbtctl::cli {

// --yes, --dry-run, --assume-powered-off, ...: the options of every verb that changes files.
void add_change_options(Options& own);

// A word of honour is given for one machine: the first that fits several, with all of them; nothing where there is
// none.
using MeantBy = std::function<std::vector<std::string>(const std::string& word)>;  // the machines, by target and path
[[nodiscard]] std::optional<std::string> ambiguous_word(const CommandLine& line, const MeantBy& meant_by);

// The operator's words of honour go into the plan: --assume-powered-off, --assume-unregistered. The first that fits
// several of its machines, with all of them; nothing where there is none.
[[nodiscard]] std::optional<std::string> vouch(const CommandLine& line, repair::Plan& plan);

// Whether the verb may change anything: --yes, or somebody to ask, and not --dry-run.
[[nodiscard]] bool may_change(const CommandLine& line);
// "yes" on the terminal, or --yes. Nothing: no terminal, told already.
[[nodiscard]] std::optional<bool> is_agreed(const CommandLine& line, const std::string& question);

// After a "no".
[[nodiscard]] int say_no();

struct Run {
  repair::Verb verb{};  // of the command line
  repair::Plan plan;
  const std::vector<model::Target>& targets;
  const std::vector<repair::Site>& sites;  // by target
  repair::Look look;
  repair::Look look_everywhere;
  std::vector<repair::MachineResult> recovered;
  std::vector<app::Unmatched> unmatched = {};
  // What is left to mend, by the plan, or by another look once it was carried out; adds to the status. Nothing for
  // verbs that do not go by findings.
  std::function<std::vector<report::Remaining>(const repair::Plan& plan, bool was_carried_out, int& status)> remaining =
      {};
  int status = 0;       // what is known so far
  bool is_old = false;  // the plan was made some time ago
  bool waits = false;   // a stopped run could be put right, if that were agreed to
};

// What one machine adds to the exit status.
[[nodiscard]] int exit_status_of(repair::Outcome outcome);

// Prints everything; the exit status.
int run_plan(Run run, const CommandLine& line);

}  // namespace cbtctl::cli
