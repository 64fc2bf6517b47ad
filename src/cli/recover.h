// Runs that were stopped, found by a verb that writes before it does its own work.
#pragma once

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

// The folders in which cbtctl has left something.
[[nodiscard]] std::vector<repair::Spot> marked_folders(const model::Datastore& datastore);

[[nodiscard]] Stopped find_stopped(const std::vector<repair::Spot>& folders, const std::vector<repair::Site>& sites);

// Takes them back or finishes them, and adds to the exit status. What could not be dealt with is left in `found`.
void recover_stopped(Stopped& stopped, const std::vector<repair::Site>& sites, const repair::Look& look,
                     const CommandLine& line, int& status);

}  // namespace cbtctl::cli
