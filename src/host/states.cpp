#include "host/states.h"

#include <algorithm>

#include "host/scripts.h"
#include "host/tasks.h"
#include "host/word.h"

namespace cbtctl::host {
namespace {

using model::PowerState;

// `key = "value", ` of a property dump: the first such line, or the last.
std::optional<std::string> field_in(std::string_view text, std::string_view key, bool last = false) {
  std::optional<std::string> found;
  const std::string begin = std::string(key) + " = ";
  for (std::string_view line : lines_of(text)) {
    line = trimmed(line);
    if (!line.starts_with(begin) || (found && !last)) continue;
    line.remove_prefix(begin.size());
    if (line.ends_with(',')) line.remove_suffix(1);
    if (line.size() > 1 && line.starts_with('"') && line.ends_with('"')) line = line.substr(1, line.size() - 2);
    found = std::string(line);
  }
  return found;
}

PowerState power_of(std::string_view word) {
  if (word == "poweredOff") return PowerState::off;
  if (word == "poweredOn") return PowerState::on;
  return word == "suspended" ? PowerState::suspended : PowerState::unknown;
}

Result<MachineState> state_in(const Answer& summary, const Answer& tasks, const std::string& id) {
  for (const Answer* answer : {&summary, &tasks}) {
    if (auto failure = failure_of(*answer)) return std::move(*failure);
  }
  const auto power = field_in(summary.text, "powerState");
  const auto path = field_in(summary.text, "vmPathName");
  if (!power || !path) return unknown_form(summary);
  auto list = parse_tasks(tasks);
  if (!list) return list.error();
  for (model::HostTask& task : *list) task.machine_id = id;
  return MachineState{.written_path = *path, .power = power_of(*power), .tasks = std::move(*list)};
}

}  // namespace

Result<Told> ask(storage::Commands& commands, const Questions& questions) {
  if (questions.ids.empty()) {
    auto locks = ask_locks(commands, questions.files);
    if (!locks) return locks.error();
    return Told{.locks = std::move(*locks), .states = {}};
  }
  const std::string word = framing_word();
  std::vector<std::string> arguments;
  for (const std::string& path : questions.files) arguments.push_back(word + path);
  for (const std::string& id : questions.ids) arguments.push_back(word + ":" + id);
  const auto output = commands.run(states_script, std::move(arguments)).get();
  if (!output) return output.error();
  const auto answers = split_answers(*output, word);
  if (!answers) return answers.error();
  auto locks = locks_in(*answers, questions.files.size());
  if (!locks) return locks.error();
  Told told{.locks = std::move(*locks), .states = {}};
  for (std::size_t i = 0; i + 1 < answers->size(); ++i) {
    if ((*answers)[i].name != "summary") continue;
    if (told.states.size() == questions.ids.size()) break;
    told.states.push_back(state_in((*answers)[i], (*answers)[i + 1], questions.ids[told.states.size()]));
  }
  if (told.states.size() == questions.ids.size()) return told;
  return Error{ErrorKind::malformed, "the host does not tell of each machine that it was asked for"};
}

Result<std::optional<bool>> reload(storage::Commands& commands, const std::string& id) {
  const std::string word = framing_word();
  const auto output = commands.run(reload_script, {word + ":" + id}).get();
  if (!output) return output.error();
  const auto answers = split_answers(*output, word);
  if (!answers) return answers.error();
  for (const Answer& answer : *answers) {
    if (auto failure = failure_of(answer)) return std::move(*failure);
  }
  const auto value = answers->empty() ? std::nullopt : field_in(answers->back().text, "changeTrackingEnabled", true);
  if (!value || (*value != "true" && *value != "false")) return std::optional<bool>();
  return std::optional(*value == "true");
}

}  // namespace cbtctl::host
