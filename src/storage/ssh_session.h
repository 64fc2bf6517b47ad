// One logged-in SSH connection and its one channel at a time: hardened hosts allow no second (MaxSessions 1). The only
// header through which the rest of storage meets libssh2. One thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "formats/core/result.h"
#include "storage/ssh_options.h"
#include "storage/ssh_settings.h"

namespace cbtctl::storage {

class SshSession {
 public:
  // Connects, holds the host key against known_hosts, logs in. Errors, each one sentence that begins with the host:
  // `unavailable` (unreachable, refused, silent, no common algorithm), `denied` (key unknown, changed or revoked; login
  // rejected), `usage` (ssh_config).
  static formats::core::Result<std::unique_ptr<SshSession>> open(const SshSettings& settings,
                                                                 const SshOptions& options);
  SshSession(const SshSession&) = delete;
  SshSession& operator=(const SshSession&) = delete;
  ~SshSession();

  // Each closes the channel that is open. `unsupported`: the host refuses.
  // `input` is written behind the request, before the host has agreed, as far as it takes it: so much of it was.
  formats::core::Result<std::size_t> start_command(const std::string& command, std::string_view input);
  formats::core::Status start_subsystem(const std::string& name);

  struct Moved {
    std::size_t written = 0;  // of `input`
    std::string_view output;  // valid until the next call
    std::string_view errors;
    bool ended = false;  // nothing more will come
  };
  // Writes what the host takes of `input` and reads what is there; waits until either is something. An error ends the
  // session: the line is lost, or nothing came for the time of silence, or the question has had its time.
  formats::core::Result<Moved> move(std::string_view input);

  // No `move` goes on after this: `question_failure`.
  using Clock = std::chrono::steady_clock;
  void limit_question(Clock::time_point end);
  void limit_question() { limit_question(Clock::now() + limits().question); }
  [[nodiscard]] formats::core::Error question_failure() const;

  void end_input();  // tells the host that nothing more will be written

  // Closes the channel. Its exit status where the host told one, else -1.
  int close_channel();

  // A sign of life for an idle connection.
  void keep_alive();

  [[nodiscard]] const std::string& who() const;  // "root@esx1"
  [[nodiscard]] const SshLimits& limits() const;
  // The host's address and port and its key: the same for two targets on one host.
  [[nodiscard]] const std::string& identity() const;

  struct State;  // in ssh_state.h, for the sources that make up a session

 private:
  explicit SshSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cbtctl::storage
