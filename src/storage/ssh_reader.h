// A folder on a host, over SSH: one connection, one thread that works through what is submitted.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/commands.h"
#include "storage/location.h"
#include "storage/reader.h"
#include "storage/ssh_counters.h"
#include "storage/ssh_options.h"

namespace cbtctl::storage {

struct SshFound {
  std::string real;  // absolute, without links
  FileStatus status;
};

// What a script of ssh_script.h or ssh_write_script.h printed.
struct HostRecords {
  std::string token;
  std::vector<std::pair<std::string, std::string>> list;  // kind and payload
};

class SshReader : public Reader {
 public:
  // Links are followed. Waits for the host.
  [[nodiscard]] virtual Result<SshFound> find(const std::string& path) = 0;

  // One run of a script, so many arguments to a call at most; waits for the host.
  [[nodiscard]] virtual Result<HostRecords> run_records(std::string_view script, std::vector<std::string> arguments,
                                                        std::size_t most_arguments) = 0;

  // From any thread.
  [[nodiscard]] virtual const SshCounters& counters() const = 0;
};

struct SshPlace {
  std::shared_ptr<SshReader> reader;
  std::shared_ptr<Commands> commands;  // empty where there is no shell
  std::string real_root;               // the folder without links; "" where it is "/"
  bool is_file = false;                // the location names a file: the root is its folder
  std::string host_identity;           // the same for two places on one host
};

// Connects and logs in. Errors begin with the host ("root@esx1: ..."): `unavailable`, `denied`, `missing`, `usage`.
Result<SshPlace> open_ssh(const Location& location, const SshOptions& options);

}  // namespace cbtctl::storage
