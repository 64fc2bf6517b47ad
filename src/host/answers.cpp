#include "host/answers.h"

#include <algorithm>
#include <charconv>

namespace cbtctl::host {
namespace {

constexpr std::size_t most_words = 80;  // of a host's text in a message
constexpr int status_not_found = 127;
constexpr int status_ended_by_limit = 143;      // SIGTERM, as BusyBox' timeout ends a command
constexpr int status_limit_of_coreutils = 124;  // as newer ones say it

std::string without_carriage_returns(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] == '\n')) continue;
    out.push_back(text[i]);
  }
  return out;
}

std::string first_words(std::string_view text) {
  for (const std::string_view line : lines_of(text)) {
    if (!trimmed(line).empty()) return std::string(trimmed(line).substr(0, most_words));
  }
  return {};
}

// What stands between "\nWORD ask NAME SOURCE\n" and the next such mark of the standard error.
std::vector<std::string> split_errors(std::string_view errors, const std::string& mark) {
  std::vector<std::string> parts;
  for (std::size_t at = errors.find(mark); at != std::string_view::npos;) {
    const std::size_t line_end = errors.find('\n', at + mark.size());
    const std::size_t next = line_end == std::string_view::npos ? line_end : errors.find(mark, line_end);
    const std::string_view part =
        line_end == std::string_view::npos ? std::string_view{} : errors.substr(line_end + 1, next - line_end - 1);
    parts.push_back(without_carriage_returns(part));
    at = next;
  }
  return parts;
}

// The message of a fault's block, or its type: "(vim.fault.NotFound) {".
std::optional<std::string> fault_in(std::string_view text) {
  const auto lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool begins = lines[i].starts_with("(vim.fault.") || lines[i].starts_with("(vmodl.");
    if (!begins || !lines[i].ends_with("{")) continue;
    const std::string type(lines[i].substr(1, lines[i].find(')') - 1));
    if (type.find("fault") == std::string::npos && type.find("Fault") == std::string::npos) return std::nullopt;
    for (++i; i < lines.size() && lines[i] != "}"; ++i) {
      const std::string_view field = trimmed(lines[i]);
      constexpr std::string_view key = "msg = \"";
      if (!field.starts_with(key)) continue;
      const std::string_view message = field.substr(key.size(), field.rfind('"') - key.size());
      if (!message.empty()) return type + ": " + std::string(message.substr(0, most_words));
    }
    return type;
  }
  return std::nullopt;
}

bool is_login_failure(std::string_view text) { return text.starts_with("Failed to login"); }

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

Result<std::vector<Answer>> split_answers(const storage::CommandOutput& output, std::string_view word) {
  const std::string ask = "\n" + std::string(word) + " ask ";
  const std::string end = "\n" + std::string(word) + " end ";
  const Error cut{ErrorKind::malformed, "the host's answer is cut or mixed with another"};
  std::vector<Answer> answers;
  std::string_view rest = output.output;
  while (!rest.empty()) {
    const std::size_t head_end = rest.find('\n', 1);
    const std::size_t text_end = rest.find(end);
    if (!rest.starts_with(ask) || head_end == std::string_view::npos || text_end == std::string_view::npos) return cut;
    const std::size_t status_end = rest.find('\n', text_end + end.size());
    if (status_end == std::string_view::npos || text_end < head_end) return cut;
    Answer answer;
    const std::string_view head = rest.substr(ask.size(), head_end - ask.size());
    answer.name = head.substr(0, head.find(' '));
    if (head.size() > answer.name.size()) answer.source = head.substr(answer.name.size() + 1);
    if (text_end > head_end) answer.text = without_carriage_returns(rest.substr(head_end + 1, text_end - head_end - 1));
    if (answer.text.find(ask) != std::string::npos) return cut;
    const std::string_view status = rest.substr(text_end + end.size(), status_end - text_end - end.size());
    if (std::from_chars(status.data(), status.data() + status.size(), answer.status).ptr !=
        status.data() + status.size())
      return cut;
    answers.push_back(std::move(answer));
    rest.remove_prefix(status_end + 1);
  }
  const auto errors = split_errors(output.errors, ask);
  for (std::size_t i = 0; i < std::min(answers.size(), errors.size()); ++i) answers[i].errors = errors[i];
  return answers;
}

std::optional<Error> failure_of(const Answer& answer) {
  const auto failed = [&](ErrorKind kind, const std::string& why) { return Error{kind, answer.source + ": " + why}; };
  if (const auto fault = fault_in(answer.text)) return failed(ErrorKind::unavailable, *fault);
  if (is_login_failure(answer.text)) return failed(ErrorKind::unavailable, first_words(answer.text));
  if (answer.status == 0) return std::nullopt;
  if (answer.status == status_not_found) return failed(ErrorKind::unsupported, "there is no such command");
  if (answer.status == status_ended_by_limit || answer.status == status_limit_of_coreutils)
    return failed(ErrorKind::unavailable, "did not answer in time");
  const std::string said = first_words(answer.errors.empty() ? answer.text : answer.errors);
  return failed(ErrorKind::unavailable,
                "failed with status " + std::to_string(answer.status) + (said.empty() ? "" : ": " + said));
}

Error unknown_form(const Answer& answer) {
  const std::string said = first_words(answer.text);
  return {ErrorKind::malformed,
          answer.source + ": prints what is not understood" + (said.empty() ? ": nothing" : ": " + said)};
}

}  // namespace cbtctl::host
