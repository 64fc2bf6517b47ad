#include "app/select.h"

#include <fnmatch.h>
#include <locale.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "formats/core/ascii.h"
#include "formats/core/nearest.h"
#include "formats/core/path.h"
#include "formats/core/utf8.h"
#include "formats/vmx/slot.h"

namespace cbtctl::app {
namespace {

using formats::core::casefolded;
using formats::core::file_name;
using formats::core::join;
using formats::core::stem_of;
using Numbers = std::vector<std::size_t>;

bool excludes(std::string_view pattern) { return pattern.starts_with('!'); }

// `?` stands for a letter, whatever the user's locale: names are UTF-8.
bool fits_glob(const std::string& glob, const std::string& text) {
  static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  const locale_t own = utf8 == nullptr ? nullptr : ::uselocale(utf8);
  const bool fits = ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
  if (own != nullptr) ::uselocale(own);
  return fits;
}

class Names {
 public:
  explicit Names(const std::vector<Candidate>& candidates) : candidates_(candidates) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const Candidate& each = candidates[i];
      const std::string file(file_name(each.path));
      add(by_path, each.path, i);
      add(by_path, join(each.location, each.path), i);
      add(by_name, each.name, i);
      add(by_name, formats::core::escaped(each.name), i);  // as it is printed
      add(by_file, file, i);
      add(by_file, std::string(stem_of(file)), i);
    }
  }

  // Who is called so.
  [[nodiscard]] Numbers equal(const std::string& name) const {
    const std::string wanted = casefolded(name);
    for (const Index& index : indexes_) {
      const auto [begin, end] = index.equal_range(wanted);
      Numbers found;
      for (auto at = begin; at != end; ++at) found.push_back(at->second);
      std::sort(found.begin(), found.end());
      found.erase(std::unique(found.begin(), found.end()), found.end());
      if (!found.empty()) return found;
    }
    return {};
  }

  // A glob with a '/' is one of paths too.
  [[nodiscard]] Numbers fitting(const std::string& pattern) const {
    const std::string glob = casefolded(pattern);
    const std::size_t first = glob.find('/') == std::string::npos ? by_name : by_path;
    std::vector<bool> hit(candidates_.size());
    for (std::size_t kind = first; kind < indexes_.size(); ++kind) {
      for (const auto& [text, number] : indexes_[kind]) {
        if (!hit[number] && fits_glob(glob, text)) hit[number] = true;
      }
    }
    Numbers found;
    for (std::size_t i = 0; i < hit.size(); ++i) {
      if (hit[i]) found.push_back(i);
    }
    return found;
  }

  [[nodiscard]] std::vector<std::string> nearest(const std::string& mistyped) const {
    std::vector<std::string> names;
    for (const Candidate& each : candidates_) {
      if (!each.name.empty()) names.push_back(each.name);
      names.emplace_back(stem_of(file_name(each.path)));
      if (mistyped.find('/') != std::string::npos) names.push_back(each.path);
    }
    return formats::core::nearest(mistyped, names);
  }

  [[nodiscard]] std::string shown(std::size_t number) const {
    return join(candidates_[number].location, candidates_[number].path);
  }

 private:
  using Index = std::multimap<std::string, std::size_t>;
  enum Kind : std::size_t { by_path, by_name, by_file, kinds };

  void add(Kind kind, const std::string& text, std::size_t number) {
    if (!text.empty()) indexes_[kind].emplace(casefolded(text), number);
  }

  const std::vector<Candidate>& candidates_;
  std::array<Index, kinds> indexes_;  // the first that has a name decides
};

// Of one pattern, without the sign that excludes.
Numbers find(const Names& names, const std::string& pattern, Match& match) {
  const std::string name = pattern.starts_with("\\!") ? pattern.substr(1) : pattern;
  const Numbers equal = names.equal(name);
  if (equal.empty()) return names.fitting(pattern);
  if (equal.size() > 1) {
    Ambiguity ambiguity{name, {}};
    for (const std::size_t number : equal) ambiguity.paths.push_back(names.shown(number));
    match.ambiguous.push_back(std::move(ambiguity));
  }
  return equal;
}

// Though each pattern fits somebody: together they ask for nothing.
bool nobody_is_left(const Match& match) {
  return !match.chosen.empty() && std::find(match.chosen.begin(), match.chosen.end(), true) == match.chosen.end();
}

bool is_slot(const std::string& text) {
  const auto key = formats::vmx::slot_key(text + ".");
  return key && key->field.empty();
}

std::vector<std::string> slots_of(const model::Datastore& datastore, const Selection& selection) {
  std::vector<std::string> slots;
  for (const model::VirtualMachine& machine : datastore.virtual_machines) {
    if (!selection.has(machine)) continue;
    for (const model::Disk& disk : machine.disks) slots.push_back(disk.settings.slot);
  }
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

}  // namespace

std::optional<std::string> check_selectors(const Selectors& selectors) {
  for (const std::string& pattern : selectors.machines) {
    if (pattern.empty()) return "--vm takes a name or a glob, and '' is none";
    if (pattern == "!") return "--vm '!' excludes nothing: a name or a glob follows the '!'";
  }
  for (const std::string& slot : selectors.slots) {
    if (!is_slot(slot)) return "--disk takes a slot such as scsi0:0, sata0:1 or nvme0:0, and '" + slot + "' is none";
  }
  return std::nullopt;
}

Match match(const std::vector<Candidate>& candidates, const std::vector<std::string>& patterns) {
  Match match;
  match.chosen.assign(candidates.size(), std::all_of(patterns.begin(), patterns.end(), excludes));
  if (patterns.empty()) return match;
  const Names names(candidates);
  for (const std::string& pattern : patterns) {
    if (excludes(pattern)) continue;
    const Numbers found = find(names, pattern, match);
    for (const std::size_t number : found) match.chosen[number] = true;
    if (found.empty()) match.unmatched.push_back({"--vm", pattern, names.nearest(pattern)});
  }
  for (const std::string& pattern : patterns) {
    if (!excludes(pattern)) continue;
    Match excluded;  // who is excluded twice over is excluded
    const Numbers found = find(names, pattern.substr(1), excluded);
    for (const std::size_t number : found) match.chosen[number] = false;
    if (found.empty()) match.idle_exclusions.push_back(pattern);
  }
  if (match.unmatched.empty() && nobody_is_left(match)) {
    for (const std::string& pattern : patterns) match.unmatched.push_back({"--vm", pattern, {}});
  }
  return match;
}

bool Selection::has_slot(std::string_view slot) const {
  return asked.slots.empty() || std::any_of(asked.slots.begin(), asked.slots.end(), [&](const std::string& wanted) {
           return formats::core::equal_ignoring_case(wanted, slot);
         });
}

Selection select(const model::Datastore& datastore, const Selectors& selectors) {
  std::vector<Candidate> candidates;
  std::vector<model::Index> files;
  Selection selection{.asked = selectors};
  for (const model::VirtualMachine& machine : datastore.virtual_machines) {
    selection.has_every_machine &= machine.is_targeted;
    if (!machine.is_targeted) continue;
    const model::File& file = datastore.files[machine.file];
    candidates.push_back({datastore.targets[file.target].location, file.path, machine.settings.display_name});
    files.push_back(machine.file);
  }
  Match found = match(candidates, selectors.machines);
  selection.has_every_machine &= selectors.machines.empty();
  selection.configurations.assign(datastore.files.size(), false);
  for (std::size_t i = 0; i < files.size(); ++i) selection.configurations[files[i]] = found.chosen[i];
  selection.unmatched = std::move(found.unmatched);
  selection.idle_exclusions = std::move(found.idle_exclusions);
  selection.ambiguous = std::move(found.ambiguous);
  const auto slots = slots_of(datastore, selection);
  for (const std::string& slot : selectors.slots) {
    const auto is_it = [&](const std::string& each) { return formats::core::equal_ignoring_case(each, slot); };
    if (std::none_of(slots.begin(), slots.end(), is_it))
      selection.unmatched.push_back({"--disk", slot, formats::core::nearest(slot, slots)});
  }
  return selection;
}

void narrow(model::Datastore& datastore, const Selection& selection) {
  std::erase_if(datastore.virtual_machines,
                [&](const model::VirtualMachine& machine) { return !selection.has(machine); });
  if (selection.asked.slots.empty()) return;
  for (model::VirtualMachine& machine : datastore.virtual_machines)
    std::erase_if(machine.disks, [&](const model::Disk& disk) { return !selection.has_slot(disk.settings.slot); });
  std::erase_if(datastore.virtual_machines, [](const model::VirtualMachine& machine) { return machine.disks.empty(); });
}

}  // namespace cbtctl::app
