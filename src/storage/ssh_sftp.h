// The SFTP subsystem of a session with many requests in flight: libssh2's own SFTP calls wait for one answer each.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "storage/sftp_packets.h"
#include "storage/ssh_counters.h"
#include "storage/ssh_session.h"

namespace cbtctl::storage {

class SshSftp {
 public:
  using Result = formats::core::Result<std::unique_ptr<SshSftp>>;
  using Status = formats::core::Status;
  using Maker = std::function<std::string(std::uint32_t id)>;
  using Handler = std::function<void(const sftp::Answer&)>;
  using Clock = std::chrono::steady_clock;

  // Starts the subsystem and agrees on version 3. `unsupported`: the host has no SFTP.
  static Result start(SshSession& session, SshCounters& counters);

  // Queues a request; its handler is called from `run`, and may ask more. `answer_bytes` is what the answer will carry:
  // so much data is under way at most. The bytes of a Data answer that fits `into` go there as they come, and the
  // answer shows them there.
  void ask(const Maker& maker, Handler handler, std::size_t answer_bytes = 0, std::span<std::byte> into = {});

  // Sends and receives until `is_done`, or nothing is outstanding. An error ends the subsystem: also where a request
  // has no whole answer after the time of a question.
  [[nodiscard]] Status run(const std::function<bool()>& is_done = {});

  [[nodiscard]] bool has_extension(std::string_view name) const;
  [[nodiscard]] formats::core::Error question_failure() const { return session_->question_failure(); }

 private:
  struct Queued {
    std::uint32_t id = 0;
    std::string packet;
    std::size_t answer_bytes = 0;
  };
  struct Waiting {
    Handler handler;
    std::size_t answer_bytes = 0;
    std::span<std::byte> into;
  };
  struct Arriving {
    std::uint32_t id = 0;
    std::span<std::byte> bytes;
    std::size_t come = 0;  // of them
  };

  SshSftp(SshSession& session, SshCounters& counters) : session_(&session), counters_(&counters) {}
  [[nodiscard]] Status greet();
  void fill();
  void limit_question();
  [[nodiscard]] Status take_answers(std::string_view input);
  [[nodiscard]] Status take_answer(const sftp::Answer& answer);
  [[nodiscard]] Waiting* asked(std::uint32_t id);
  void begin_arriving();
  [[nodiscard]] std::size_t most_bytes_under_way() const;

  SshSession* session_;
  SshCounters* counters_;
  std::vector<std::string> extensions_;
  std::uint32_t next_id_ = 1;
  std::deque<Queued> queue_;
  std::unordered_map<std::uint32_t, Waiting> waiting_;
  std::deque<std::pair<std::uint32_t, Clock::time_point>> sent_at_;  // since the oldest that is not answered
  std::size_t bytes_under_way_ = 0;
  std::optional<Clock::time_point> alone_since_;  // the first request after a time without any: nobody answered since
  Clock::duration round_trip_ = Clock::duration::max();  // the shortest so far
  std::string to_send_;
  std::size_t sent_ = 0;              // of to_send_
  std::string received_;              // of a packet that is not whole yet
  std::optional<Arriving> arriving_;  // the bytes of a Data answer whose head has come
};

// What went wrong, as the same errno would say it on this machine.
[[nodiscard]] formats::core::Error error_of_outcome(const sftp::Outcome& outcome);

}  // namespace cbtctl::storage
