// Another program on the operator's machine: ssh itself, or a ProxyCommand.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/local_file.h"

namespace cbtctl::storage {

// Ends the program when it goes: closes nothing itself, sends SIGTERM, and SIGKILL to one that is still there two
// seconds later.
class ChildProcess {
 public:
  ChildProcess() = default;
  explicit ChildProcess(pid_t id) : id_(id) {}
  ChildProcess(ChildProcess&& other) noexcept : id_(std::exchange(other.id_, 0)) {}
  ChildProcess& operator=(ChildProcess&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~ChildProcess();
  // The exit status, -1 where it ended by a signal; nothing where it has not ended by then.
  std::optional<int> wait_until(std::chrono::steady_clock::time_point deadline);

 private:
  pid_t id_ = 0;
};

// `descriptor` becomes its standard input and output; of the others it has standard error alone. `missing` where there
// is no such program.
Result<ChildProcess> start_program(const std::vector<std::string>& command, const Descriptor& descriptor);

struct ProgramOutput {
  std::string output;
  std::string errors;
  int exit_status = 0;
};
// Runs it to its end with no input. `unavailable`: it takes longer than `limit`, and is ended.
Result<ProgramOutput> run_program(const std::vector<std::string>& command, std::chrono::seconds limit);

}  // namespace cbtctl::storage
