// Runs that were stopped, found by a verb that writes before it does its own work.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "model/datastore.h"
#include "repair/recovery.h"

namespace cbtctl::cli {

struct Stopped {
  std::vector<repair::Unfinished> found;       // and not dealt with
  std::vector<repair::MachineResult> results;  // of the attempts
  // What they hold is refused; with `all` the others are told too.
  void take_out(repair::Plan& plan, bool all) const;
};

// What they are dealt with by.
struct Recovering {
  const std::vector<repair::Site>& sites;
  const repair::Look& look;
  const CommandLine& line;
  // Of the machine whose .vmx this is, by target and path; of one whose plan is not known of those in the folder, "x/".
  std::function<bool(model::Index target, const std::string& vm)> is_selected;
};

// The folders in which cbtctl has left something.
[[nodiscard]] std::vector<repair::Spot> marked_folders(const model::Datastore& datastore);

[[nodiscard]] Stopped find_stopped(const std::vector<repair::Spot>& folders, const std::vector<repair::Site>& sites);

// A word of --take-over that fits more than one lock, with all of them; nothing where there is none.
[[nodiscard]] std::optional<std::string> ambiguous_take_over(const Stopped& stopped, const Recovering& with);

// Tells what would be done about those of selected machines, asks, takes them back or finishes them, and adds to the
// exit status. What could not be dealt with, and the others, are left in `found`. False: the answer was no, and nothing
// was done. Where nothing may be changed it tells, and does no more.
[[nodiscard]] bool recover_stopped(Stopped& stopped, const Recovering& with, int& status);

}  // namespace cbtctl::cli
