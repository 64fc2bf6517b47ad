// A verb's command line: the options that every verb has, and its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/program_options.hpp>

#include "cli/console.h"
#include "cli/verb.h"

namespace cbtctl::cli {

namespace options = boost::program_options;

struct CommandLine {
  options::variables_map values;
  std::vector<std::string> arguments;  // targets or files
  bool json = false;
  bool quiet = false;
  report::Style style;
  [[nodiscard]] bool has(const std::string& option) const { return values.count(option) != 0; }
  [[nodiscard]] std::vector<std::string> list(const std::string& option) const;
};

// Either a command line, or the exit status of a call that is over: help was printed, or an error.
struct Parsed {
  std::optional<CommandLine> line;
  int exit_status = 0;
};
[[nodiscard]] Parsed parse(const Verb& verb, const std::vector<std::string>& arguments,
                           const options::options_description& own);

}  // namespace cbtctl::cli
