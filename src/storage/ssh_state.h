// What the sources around libssh2 share: the session's handle, its socket, and waiting with a time limit.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "storage/ssh_algorithms.h"
#include "storage/ssh_connection.h"
#include "storage/ssh_options.h"
#include "storage/ssh_session.h"
#include "storage/ssh_settings.h"

// libssh2's own, which no header but its own may define.
using SshHandle = struct _LIBSSH2_SESSION;
using SshChannelHandle = struct _LIBSSH2_CHANNEL;

namespace cbtctl::storage {

struct SshLogin;

struct SshSession::State {
  using Clock = std::chrono::steady_clock;

  SshSettings settings;
  SshOptions options;  // with a limit to connect
  std::string who;
  std::string identity;
  SshConnection connection;
  OfferedAlgorithms offered;  // by this side
  std::string first_bytes;    // as they came, until the algorithms are agreed on
  SshHandle* session = nullptr;
  SshChannelHandle* channel = nullptr;
  std::string output_buffer;
  std::string errors_buffer;
  std::string farewell;                                     // why the host broke off, in its own words
  bool lost = false;                                        // no byte can be sent or received any more
  bool may_send = true;                                     // false: the login is broken off
  bool wipes_memory = true;                                 // of libssh2's, when it is freed: it may hold a secret
  bool has_first = true;                                    // bytes are still kept in `first_bytes`
  Clock::time_point give_up_at = Clock::time_point::max();  // a host that floods is cut off, however much it sends
  Clock::time_point question_ends = Clock::time_point::max();
  Clock::duration asked{};    // how long the operator was asked for secrets
  SshLogin* login = nullptr;  // while it is under way, for libssh2's callback

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  // Memory that libssh2 may free.
  static void* new_block(std::size_t bytes);

  // Calls again whenever libssh2 would block, until it answers something else; waits for the socket in between, until
  // `deadline` at most, time spent on asking not counted. LIBSSH2_ERROR_TIMEOUT then.
  int complete(Clock::time_point deadline, const std::function<int()>& call);
  // The algorithms that this libssh2 has for a method.
  [[nodiscard]] std::vector<std::string> supported(int method) const;
  // True when the socket is ready for what libssh2 waits for.
  [[nodiscard]] bool wait_for_socket(Clock::time_point deadline);
  [[nodiscard]] Clock::time_point connect_deadline() const { return Clock::now() + *options.limits.connect; }
  // Whether libssh2's error means that no byte can be sent or received any more.
  [[nodiscard]] static bool is_loss(int code);
  // libssh2's last error as a sentence: "root@esx1: <what>: <libssh2's words>".
  [[nodiscard]] Error failure(const std::string& what, int code);
  [[nodiscard]] Error error(ErrorKind kind, const std::string& message) const { return {kind, who + ": " + message}; }
};

// Each in its own source: the agreement on algorithms, known_hosts, and every way to log in.
formats::core::Status shake_hands(SshSession::State& state);
formats::core::Status check_host_key(SshSession::State& state);
std::vector<std::string> known_key_types(const SshSettings& settings);  // of this host, by known_hosts
formats::core::Status prefer_algorithms(SshSession::State& state);
formats::core::Status log_in(SshSession::State& state);

}  // namespace cbtctl::storage
