#include "host/facts.h"

#include <algorithm>

#include "host/machines.h"
#include "host/scripts.h"
#include "host/tasks.h"
#include "host/version.h"
#include "host/volumes.h"
#include "host/word.h"

namespace cbtctl::host {
namespace {

const Answer* last_named(const std::vector<Answer>& answers, std::string_view name) {
  const auto found =
      std::find_if(answers.rbegin(), answers.rend(), [&](const Answer& answer) { return answer.name == name; });
  return found == answers.rend() ? nullptr : &*found;
}

bool is_esxi(const std::vector<Answer>& answers) {
  constexpr int not_found = 127;
  return std::any_of(answers.begin(), answers.end(), [](const Answer& answer) { return answer.status != not_found; });
}

// The parsed answer, or a note why there is none.
template <typename T>
std::optional<T> ask(const std::vector<Answer>& answers, std::string_view name, const std::string& question,
                     Result<T> (*parse)(const Answer&), std::vector<model::Unanswered>& unanswered) {
  const Answer* answer = last_named(answers, name);
  if (answer == nullptr) {
    unanswered.push_back({question, {ErrorKind::malformed, "was not asked"}});
    return std::nullopt;
  }
  Result<T> parsed = parse(*answer);
  if (parsed) return std::move(*parsed);
  unanswered.push_back({question, parsed.error()});
  return std::nullopt;
}

Result<model::HostFacts> version_in(const Answer& answer) {
  if (auto failure = failure_of(answer)) return std::move(*failure);
  return parse_version(answer);
}

}  // namespace

Facts facts_of(const std::vector<Answer>& answers) {
  Facts facts;
  if (!is_esxi(answers)) return facts;
  model::HostInventory& inventory = facts.inventory.emplace();
  auto& unanswered = inventory.unanswered;
  facts.version = ask(answers, "version", "version and build", version_in, unanswered);
  if (auto found = ask(answers, "machines", "registered virtual machines", parse_registered, unanswered)) {
    inventory.registered = std::move(found->machines);
    inventory.doubted_paths = std::move(found->doubted_paths);
    inventory.invalid_ids = std::move(found->invalid_ids);
  }
  inventory.running = ask(answers, "running", "running virtual machines", parse_running, unanswered);
  inventory.tasks = ask(answers, "tasks", "tasks", parse_tasks, unanswered);
  inventory.volumes = ask(answers, "volumes", "datastores", parse_volumes, unanswered);
  return facts;
}

storage::Command facts_command() {
  static const std::string word = framing_word();
  return {.script = facts_script, .arguments = {word}};
}

PendingFacts::PendingFacts(storage::Commands& commands)
    : word_(facts_command().arguments.front()), output_(commands.run(facts_script, facts_command().arguments)) {}

Result<Facts> PendingFacts::get() {
  const auto output = output_.get();
  if (!output) return output.error();
  const auto answers = split_answers(*output, word_);
  if (!answers) return answers.error();
  return facts_of(*answers);
}

}  // namespace cbtctl::host
