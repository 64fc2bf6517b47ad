// A verb's command line: the options that every verb has, and its own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/options.h"
#include "cli/provenance.h"
#include "cli/verb.h"

namespace cbtctl::cli {

struct CommandLine : OptionValues {
  std::vector<std::string> arguments;  // targets or files
  bool json = false;
  bool quiet = false;
  report::Style style;
  std::shared_ptr<const ProvenanceRun> provenance;  // with --provenance
};

// Either a command line, or the exit status of a call that is over: help was printed, or an error.
struct Parsed {
  std::optional<CommandLine> line;
  int exit_status = 0;
};
[[nodiscard]] Parsed parse(const Verb& verb, const std::vector<std::string>& arguments, const Options& own);

}  // namespace cbtctl::cli
