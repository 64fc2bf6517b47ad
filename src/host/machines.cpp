#include "host/machines.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "formats/core/ascii.h"
#include "formats/vmware/names.h"

namespace cbtctl::host {
namespace {

std::size_t blanks_at(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_not_of(' ', at);
  return (end == std::string_view::npos ? text.size() : end) - at;
}

// " GUEST vmx-NN", the end of a row or more blanks; the guest may be empty.
bool is_rest_of_row(std::string_view text) {
  std::size_t at = blanks_at(text, 0);
  if (at == 0) return false;
  if (!text.substr(at).starts_with("vmx-")) {
    const std::size_t guest_end = text.find(' ', at);
    if (guest_end == std::string_view::npos || text.substr(at, guest_end - at).find('/') != std::string_view::npos)
      return false;
    at = guest_end + blanks_at(text, guest_end);
  }
  constexpr std::string_view version = "vmx-";
  if (!text.substr(at).starts_with(version)) return false;
  at += version.size();
  const std::size_t digits = at;
  while (at < text.size() && formats::core::is_digit(text[at])) ++at;
  return at > digits && (at == text.size() || text[at] == ' ');
}

// "[ds1] web01/web01.vmx   guest   vmx-13  note": the part that is the path, as the host has it.
std::string_view path_of_row(std::string_view text) {
  for (const std::string_view extension : {".vmx", ".vmtx"}) {
    for (std::size_t at = text.find(extension); at != std::string_view::npos; at = text.find(extension, at + 1)) {
      const std::size_t end = at + extension.size();
      if (is_rest_of_row(text.substr(end))) return text.substr(0, end);
    }
  }
  return {};
}

// "[ds1] a/b.vmx" -> "/vmfs/volumes/ds1/a/b.vmx"; empty where it is none.
std::string absolute(std::string_view written) {
  const std::size_t close = written.find("] ");
  if (!written.starts_with('[') || close == std::string_view::npos) return {};
  const std::string_view volume = written.substr(1, close - 1);
  const std::string_view path = written.substr(close + 2);
  if (volume.empty()) return path.starts_with('/') ? std::string(path) : std::string{};
  if (path.empty() || volume.find('/') != std::string_view::npos) return {};
  return formats::vmware::volume_path(volume, path);
}

// ^(\d+) +(.+?) {2,}(\[[^\]]+\] .+\.vmx) +(\S*) +(vmx-\d+)(?: |$)
std::optional<model::RegisteredMachine> machine_of(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && formats::core::is_digit(line[at])) ++at;
  if (at == 0 || blanks_at(line, at) == 0) return std::nullopt;
  const std::string_view id = line.substr(0, at);
  const std::string_view rest = line.substr(at + blanks_at(line, at));
  for (std::size_t gap = rest.find("  ["); gap != std::string_view::npos; gap = rest.find("  [", gap + 1)) {
    if (gap == 0) continue;
    const std::string_view written = path_of_row(rest.substr(gap + 2));
    std::string path = absolute(written);
    if (path.empty()) continue;
    return model::RegisteredMachine{
        .id = std::string(id), .name = std::string(trimmed(rest.substr(0, gap))), .path = std::move(path), .file = {}};
  }
  return std::nullopt;
}

bool begins_machines(std::string_view line) {
  const std::string_view text = trimmed(line);
  return text.starts_with("Vmid") && text.find("Name") != std::string_view::npos &&
         text.find("File") != std::string_view::npos && text.find("Version") != std::string_view::npos;
}

std::optional<std::string> invalid_id(std::string_view line) {
  constexpr std::string_view before = "Skipping invalid VM '";
  if (!line.starts_with(before)) return std::nullopt;
  const std::string_view id = line.substr(before.size(), line.rfind('\'') - before.size());
  return id.empty() ? std::nullopt : std::optional<std::string>(id);
}

// A note may hold what this very command printed: a row that says the same again says nothing new. What is told twice
// in two ways is told by a row that a note fakes, and nobody knows by which of the two.
void drop_contradicted(Registered& found) {
  auto& machines = found.machines;
  std::set<std::pair<std::string, std::string>> seen;
  std::erase_if(machines, [&](const model::RegisteredMachine& machine) {
    return !seen.emplace(machine.id, machine.path).second;
  });
  std::map<std::string, int> ids;
  std::map<std::string, int> paths;
  for (const auto& machine : machines) {
    ++ids[machine.id];
    ++paths[machine.path];
  }
  std::erase_if(machines, [&](const model::RegisteredMachine& machine) {
    const bool is_doubted = ids[machine.id] > 1 || paths[machine.path] > 1;
    if (is_doubted) found.doubted_paths.push_back(machine.path);
    return is_doubted;
  });
  auto& doubted = found.doubted_paths;
  std::sort(doubted.begin(), doubted.end());
  doubted.erase(std::unique(doubted.begin(), doubted.end()), doubted.end());
}

}  // namespace

Result<Registered> parse_registered(const Answer& answer) {
  if (auto failure = failure_of(answer)) return std::move(*failure);
  Registered found;
  bool in_table = false;
  for (const std::string_view line : lines_of(answer.text)) {
    if (!in_table) {
      if (auto id = invalid_id(line)) found.invalid_ids.push_back(std::move(*id));
      in_table = begins_machines(line);
    } else if (auto row = machine_of(line)) {
      found.machines.push_back(std::move(*row));
    }
  }
  if (!in_table) return unknown_form(answer);
  drop_contradicted(found);
  return found;
}

// A name can hold line ends and so look like a field: as many paths as processes, each right after a name, or nothing.
Result<std::vector<model::RunningMachine>> parse_running(const Answer& answer) {
  if (auto failure = failure_of(answer)) return std::move(*failure);
  constexpr std::string_view name_key = "   Display Name: ";
  constexpr std::string_view path_key = "   Config File: ";
  std::vector<model::RunningMachine> machines;
  std::size_t processes = 0;
  std::string_view previous;
  for (const std::string_view line : lines_of(answer.text)) {
    if (line.starts_with("   World ID: ")) ++processes;
    if (line.starts_with(path_key)) {
      const std::string_view path = line.substr(path_key.size());
      if (!previous.starts_with(name_key) || !path.starts_with('/')) return unknown_form(answer);
      machines.push_back({std::string(previous.substr(name_key.size())), std::string(path)});
    }
    previous = line;
  }
  const bool says_something = std::any_of(answer.text.begin(), answer.text.end(), [](char c) { return c > ' '; });
  if (machines.size() != processes || (machines.empty() && says_something)) return unknown_form(answer);
  return machines;
}

}  // namespace cbtctl::host
