#include "host/tasks.h"

#include <algorithm>

#include "formats/core/ascii.h"

namespace cbtctl::host {
namespace {

// "haTask-112-vim.VirtualMachine.createSnapshot-3887".
model::HostTask task_of(std::string_view name) {
  constexpr std::string_view prefix = "haTask-";
  model::HostTask task{.name = std::string(name), .machine_id = {}};
  if (!name.starts_with(prefix)) return task;
  name.remove_prefix(prefix.size());
  const std::size_t last = name.rfind('-');
  if (last == std::string_view::npos) return task;
  const std::string_view owner_and_name = name.substr(0, last);
  const std::size_t type = owner_and_name.find("-vim.");
  if (type == std::string_view::npos) return task;
  const std::string_view owner = owner_and_name.substr(0, type);
  task.name = owner_and_name.substr(type + 1);
  const bool is_id = std::all_of(owner.begin(), owner.end(), formats::core::is_digit);
  if (is_id && !owner.empty()) task.machine_id = std::string(owner);
  return task;
}

}  // namespace

Result<std::vector<model::HostTask>> parse_tasks(const Answer& answer) {
  if (auto failure = failure_of(answer)) return std::move(*failure);
  std::string_view text = answer.text;
  constexpr std::string_view list = "(ManagedObjectReference) [";
  const std::size_t begin = text.find(list);
  if (begin == std::string_view::npos) return unknown_form(answer);
  text.remove_prefix(begin + list.size());
  if (text.find(']') == std::string_view::npos) return unknown_form(answer);

  std::vector<model::HostTask> tasks;
  constexpr std::string_view mark = "'vim.Task:";
  for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
    const std::string_view rest = text.substr(at + mark.size());
    const std::size_t quote = rest.find('\'');
    if (quote == std::string_view::npos) return unknown_form(answer);
    tasks.push_back(task_of(rest.substr(0, quote)));
  }
  return tasks;
}

}  // namespace cbtctl::host
