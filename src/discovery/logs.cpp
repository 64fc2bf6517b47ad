// The header of a log reads "... Log for VMware ESX pid=2100123 version=7.0.3 build=build-19193900 option=Release".
#include "discovery/logs.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "formats/core/ascii.h"
#include "formats/core/path.h"

namespace cbtctl::discovery {
namespace {

using formats::core::file_name;
using formats::core::join;
using formats::core::parent_of;
using model::BuildWitness;
using model::Index;

constexpr std::size_t tail_bytes = 4096;
constexpr std::size_t most_logs = 10;

// "vmware.log" is the newest; then "vmware-7.log" before "vmware-6.log".
std::optional<unsigned> age_rank(std::string_view name) {
  if (name == "vmware.log") return 0;
  if (!name.starts_with("vmware-") || !name.ends_with(".log")) return std::nullopt;
  const std::string_view digits = name.substr(7, name.size() - 11);
  unsigned number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || code != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return ~number;
}

std::string word_after(std::string_view line, std::string_view label, std::string_view allowed) {
  const std::size_t at = line.find(label);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = line.substr(at + label.size());
  std::size_t end = 0;
  while (end < rest.size() && (formats::core::is_digit(rest[end]) || allowed.find(rest[end]) != std::string_view::npos))
    ++end;
  return std::string(rest.substr(0, end));
}

// Every version line, in the order of the text.
std::vector<BuildWitness> version_lines(std::string_view text, const std::string& source) {
  std::vector<BuildWitness> found;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.find("VMware ESX") == std::string_view::npos) continue;
    BuildWitness witness{source, word_after(line, "version=", "."), word_after(line, "build=build-", "")};
    if (!witness.version.empty() && !witness.build.empty()) found.push_back(std::move(witness));
  }
  return found;
}

std::any decode_log(const storage::Fetched& fetched, std::string_view path) {
  auto lines = version_lines(formats::core::text_of(fetched.bytes), std::string(file_name(path)));
  auto last = version_lines(formats::core::text_of(fetched.tail), std::string(file_name(path)));
  lines.insert(lines.end(), last.begin(), last.end());
  std::reverse(lines.begin(), lines.end());
  return lines;
}

bool may_be_tracked(const model::Datastore& datastore, const model::VirtualMachine& machine) {
  const auto is_true = [](const auto& flag) { return flag && flag->value == true; };
  return is_true(machine.settings.ctk_enabled) &&
         std::any_of(machine.disks.begin(), machine.disks.end(), [&](const model::Disk& disk) {
           const auto& active = disk.chain.front().descriptor;
           return is_true(disk.settings.ctk_enabled) && active && datastore.descriptors[*active].tracking;
         });
}

std::vector<std::string> newest_logs(const Folder& folder) {
  std::vector<std::pair<unsigned, std::string>> ranked;
  for (const storage::Entry& entry : folder.entries) {
    const auto rank = entry.type == storage::EntryType::file ? age_rank(entry.name) : std::nullopt;
    if (rank) ranked.emplace_back(*rank, entry.name);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (auto& [rank, name] : ranked) {
    if (names.size() < most_logs) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

void read_logs(const Tree& tree, const Loader& loader, model::Datastore& datastore) {
  struct Wanted {
    Index machine = 0;
    std::size_t log = 0;
  };
  std::vector<Wanted> wanted;
  std::map<storage::Reader*, std::vector<storage::Submission>> by_reader;
  for (Index i = 0; i < datastore.virtual_machines.size(); ++i) {
    if (!may_be_tracked(datastore, datastore.virtual_machines[i])) continue;
    const Spot spot = loader.spot_of(datastore.virtual_machines[i].file);
    const std::string where(parent_of(spot.path));
    const Folder* folder = tree.folder(spot.place, where);
    if (folder == nullptr) continue;
    const auto names = newest_logs(*folder);
    for (std::size_t log = 0; log < names.size(); ++log) {
      const Spot file{spot.place, join(where, names[log])};
      storage::FetchRequest request{.path = tree.read_path(file), .most_bytes = head_bytes, .decoder = decode_log};
      request.tail_bytes = tail_bytes;
      by_reader[&tree.reader(file)].push_back({wanted.size(), std::move(request)});
      wanted.push_back({i, log});
    }
  }
  std::vector<std::vector<BuildWitness>> answers(wanted.size());
  for (auto& [reader, submissions] : by_reader) {
    reader->submit(std::move(submissions));
    for (auto replies = reader->collect(); !replies.empty(); replies = reader->collect()) {
      for (storage::Reply& reply : replies) {
        if (!reply.answer) continue;  // a log that cannot be read witnesses nothing
        auto& decoded = std::get<storage::Fetched>(*reply.answer).decoded;
        if (auto* lines = std::any_cast<std::vector<BuildWitness>>(&decoded)) answers[reply.tag] = std::move(*lines);
      }
    }
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {  // per machine in the order of age
    auto& witnesses = datastore.virtual_machines[wanted[i].machine].witnesses;
    witnesses.insert(witnesses.end(), answers[i].begin(), answers[i].end());
  }
}

}  // namespace cbtctl::discovery
