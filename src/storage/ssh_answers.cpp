#include "storage/ssh_answers.h"

#include <utility>

#include "log/log.h"
#include "storage/ssh_prompts.h"

namespace cbtctl::storage {
namespace {

constexpr unsigned max_attempts = 3;
constexpr unsigned max_introductions = 16;  // of a login: a host may have no end of them
constexpr const char* not_accepted = "the password was not accepted";

}  // namespace

SshAnswers::SshAnswers(const SshSecrets& secrets, std::string who, const std::string& host,
                       std::function<void(Clock::duration)> on_wait)
    : secrets_(secrets), who_(std::move(who)), on_wait_(std::move(on_wait)) {
  if (!secrets_.password) return;
  const auto begin = Clock::now();
  turn_.emplace(secrets_.password->turn(host));
  on_wait_(Clock::now() - begin);
  trouble_ = turn_->refusal();
}

bool SshAnswers::begin_attempt() {
  round_ = 0;
  const std::string asked = std::exchange(first_prompt_, {});
  if (attempt_++ == 0) return trouble_.empty();
  if (attempt_ > max_attempts || is_password_used_ || asked.empty()) return false;
  ahead_for_ = asked;
  ahead_ = ask("Not accepted. " + question_of(who_, asked), false);
  if (!ahead_) trouble_ = not_accepted;
  return ahead_.has_value();
}

void SshAnswers::introduce(const std::string& name, const std::string& text) {
  const auto lines = introduction_of(who_, name, text);
  if (lines.empty() || introductions_++ >= max_introductions) return;
  if (!secrets_.tell) {
    for (const std::string& line : lines) log::detail(line);
    return;
  }
  wait_for_person([&] { secrets_.tell(lines); });
}

void SshAnswers::end_round() {
  ++round_;
  is_password_told_ = is_password_used_;
}

std::optional<Secret> SshAnswers::answer(const std::string& prompt, bool shows_answer) {
  is_asked_ = true;
  if (is_password_told_ && asked_after_.empty()) asked_after_ = quoted_prompt(prompt);
  const PromptDecision decision = decide_prompt({.round = round_, .text = prompt, .shows_answer = shows_answer},
                                                {.has_password = secrets_.password != nullptr,
                                                 .is_password_used = is_password_used_,
                                                 .has_person = secrets_.person != nullptr});
  if (decision.by == PromptDecision::By::given_password) {
    log::detail(who_ + ": the given password answers " + quoted_prompt(prompt));
    is_password_used_ = true;
    return secrets_.password->secret();
  }
  if (decision.by == PromptDecision::By::person) return of_person(prompt, shows_answer);
  trouble_ = decision.reason;
  return std::nullopt;
}

std::optional<Secret> SshAnswers::of_person(const std::string& prompt, bool shows_answer) {
  const bool is_first = round_ == 0 && !shows_answer && first_prompt_.empty();
  if (is_first) first_prompt_ = prompt;
  auto typed = std::exchange(ahead_, std::nullopt);
  const bool is_for_this = is_first && prompt == ahead_for_;
  if (!typed || !is_for_this) typed = ask(question_of(who_, prompt), shows_answer);
  if (!typed) trouble_ = attempt_ == 1 ? "no password was given" : not_accepted;
  return typed;
}

std::optional<Secret> SshAnswers::ask(const std::string& question, bool shows_answer) {
  std::optional<Secret> typed;
  wait_for_person([&] { typed = secrets_.person(question, shows_answer); });
  return typed;
}

// Who may sit there for long: an answer before that has left nothing on the stack.
void SshAnswers::wait_for_person(const std::function<void()>& call) {
  wipe_dead_stack();
  const auto begin = Clock::now();
  call();
  on_wait_(Clock::now() - begin);
}

std::string SshAnswers::reason() const {
  if (!trouble_.empty()) return trouble_;
  if (!is_asked_) return "the host asked nothing";
  return asked_after_.empty() ? not_accepted : "the answers were not accepted";
}

void SshAnswers::note_failure(bool was_heard) {
  if (!turn_ || !is_password_told_) return;
  constexpr const char* not_again = " the password, and is not told it again";
  turn_->refuse(!asked_after_.empty() ? "the host asked " + asked_after_ + " after" + not_again
                : was_heard           ? not_accepted
                                      : std::string("the host did not answer") + not_again);
}

}  // namespace cbtctl::storage
