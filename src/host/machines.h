// Which virtual machines a host has registered, and which of them run.
#pragma once

#include <string>
#include <vector>

#include "host/answers.h"
#include "model/host.h"

namespace cbtctl::host {

struct Registered {
  std::vector<model::RegisteredMachine> machines;
  std::vector<std::string> doubted_paths;  // of rows that were dropped
  std::vector<std::string> invalid_ids;    // "Skipping invalid VM '6'"
};

// `vim-cmd vmsvc/getallvms`. Only what has the whole shape of a row is one: notes run over many lines, which may look
// like anything. Rows that share a number or a path, and not both, are dropped: one of them is a note's. A path is
// "/vmfs/volumes/NAME/dir/x.vmx" for "[NAME] dir/x.vmx". Who acts on a row confirms it first, since a note can be made
// to look like one.
[[nodiscard]] Result<Registered> parse_registered(const Answer& answer);

// `esxcli vm process list`: the machines that run on this host, and no others. An empty answer is none.
[[nodiscard]] Result<std::vector<model::RunningMachine>> parse_running(const Answer& answer);

}  // namespace cbtctl::host
