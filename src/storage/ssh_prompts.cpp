#include "storage/ssh_prompts.h"

#include <sstream>

namespace cbtctl::storage {
namespace {

constexpr std::size_t max_shown_bytes = 1024;
constexpr std::size_t max_quoted_bytes = 200;
constexpr std::size_t max_shown_lines = 16;

std::string beginning_of(const std::string& text, std::size_t max_bytes) {
  return text.size() <= max_bytes ? text : text.substr(0, max_bytes) + "...";
}

std::string without_last_blanks(const std::string& text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == std::string::npos ? 0 : last + 1);
}

}  // namespace

PromptDecision decide_prompt(const SshPrompt& prompt, const SshAnswerers& answerers) {
  using By = PromptDecision::By;
  const bool is_for_password = !prompt.shows_answer && prompt.round == 0 && !answerers.is_password_used;
  if (is_for_password && answerers.has_password) return {By::given_password, {}};
  if (answerers.has_person) return {By::person, {}};
  if (is_for_password) return {By::nobody, "no password was given for " + quoted_prompt(prompt.text)};
  return {By::nobody, "the host asks " + quoted_prompt(prompt.text) +
                          (answerers.is_password_used ? " after the password" : "") +
                          ", which only a person at a terminal can answer"};
}

std::string question_of(const std::string& who, const std::string& prompt) {
  return "(" + who + ") " + beginning_of(prompt, max_shown_bytes);
}

std::vector<std::string> introduction_of(const std::string& who, const std::string& name, const std::string& text) {
  std::istringstream all(beginning_of(without_last_blanks(name + "\n" + text), max_shown_bytes));
  std::vector<std::string> lines;
  for (std::string line; std::getline(all, line);) {
    line = without_last_blanks(line);
    if (line.empty()) continue;
    if (lines.size() == max_shown_lines) line = "...";
    lines.push_back("(" + who + ") " + line);
    if (lines.size() > max_shown_lines) break;
  }
  return lines;
}

std::string quoted_prompt(const std::string& prompt) {
  return "'" + beginning_of(without_last_blanks(prompt), max_quoted_bytes) + "'";
}

}  // namespace cbtctl::storage
