// What one login answers to a host that asks: the given password, or what a person types (ssh_prompts.h decides).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "storage/ssh_options.h"

namespace cbtctl::storage {

class SshAnswers {
 public:
  using Clock = std::chrono::steady_clock;

  // `who` is shown with each question; `host` is whose account the password is for. `on_wait` is told how long the
  // login has stood still meanwhile, for a person or for another login to the same host.
  SshAnswers(const SshSecrets& secrets, std::string who, const std::string& host,
             std::function<void(Clock::duration)> on_wait);
  SshAnswers(const SshAnswers&) = delete;
  SshAnswers& operator=(const SshAnswers&) = delete;
  ~SshAnswers() = default;

  void begin_method() { attempt_ = 0; }
  // Of a method; false where a further one would have no other answer. Asks a person before the attempt begins, since
  // one that is broken off counts like one that fails.
  [[nodiscard]] bool begin_attempt();
  // What the host says before its questions is shown, some times.
  void introduce(const std::string& name, const std::string& text);
  void end_round();  // of one in which the host asked anything; its answers are told now

  // Nothing: there is none, and `trouble` says why.
  [[nodiscard]] std::optional<Secret> answer(const std::string& prompt, bool shows_answer);

  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  // Why the method did not let the user in: the trouble, or what the host refused.
  [[nodiscard]] std::string reason() const;
  // No other method would have another answer.
  [[nodiscard]] bool is_over() const { return !trouble_.empty() || is_password_used_; }
  // The host let nobody in, for whatever reason: it is not told the given password again. `was_heard`: it said so.
  void note_failure(bool was_heard);

 private:
  [[nodiscard]] std::optional<Secret> of_person(const std::string& prompt, bool shows_answer);
  [[nodiscard]] std::optional<Secret> ask(const std::string& question, bool shows_answer);
  void wait_for_person(const std::function<void()>& call);

  const SshSecrets& secrets_;
  const std::string who_;
  const std::function<void(Clock::duration)> on_wait_;
  std::optional<SshPassword::Turn> turn_;  // while a password was given
  unsigned attempt_ = 0;
  unsigned round_ = 0;
  unsigned introductions_ = 0;
  bool is_asked_ = false;
  bool is_password_used_ = false;
  bool is_password_told_ = false;  // it went to the host
  std::string asked_after_;        // what the host asked next
  std::string trouble_;
  std::string first_prompt_;     // what a person was asked before anything else in this attempt
  std::string ahead_for_;        // the same in the attempt before,
  std::optional<Secret> ahead_;  // and the answer to it if it is asked so again
};

}  // namespace cbtctl::storage
