#include "storage/ssh_answers.h"

#include <utility>

#include "storage/ssh_prompts.h"

namespace cbtctl::storage {
namespace {

constexpr unsigned max_attempts = 3;
constexpr const char* not_accepted = "the password was not accepted";

}  // namespace

SshAnswers::SshAnswers(const SshSecrets& secrets, std::string who, const std::string& host,
                       std::function<void(Clock::duration)> on_wait)
    : secrets_(secrets), who_(std::move(who)), on_wait_(std::move(on_wait)) {
  if (!secrets_.password) return;
  const auto begin = Clock::now();
  turn_.emplace(secrets_.password->turn(host));
  on_wait_(Clock::now() - begin);
  if (turn_->is_refused()) trouble_ = not_accepted;
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

std::optional<Secret> SshAnswers::answer(const std::string& prompt, bool shows_answer) {
  const PromptDecision decision = decide_prompt({.round = round_, .text = prompt, .shows_answer = shows_answer},
                                                {.has_password = secrets_.password != nullptr,
                                                 .is_password_used = is_password_used_,
                                                 .has_person = secrets_.person != nullptr});
  if (decision.by == PromptDecision::By::given_password) {
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
  const auto begin = Clock::now();
  auto typed = secrets_.person(question, shows_answer);
  on_wait_(Clock::now() - begin);
  return typed;
}

void SshAnswers::note_refusal() {
  if (turn_ && is_password_used_) turn_->refuse();
}

}  // namespace cbtctl::storage
