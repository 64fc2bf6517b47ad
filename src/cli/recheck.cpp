// One more look may fall into the same moment of a snapshot or a backup as the first: what is wrong is wrong in each of
// a few that follow the one that told it first, with pauses between them.
#include "cli/recheck.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <map>
#include <set>
#include <thread>

#include "analysis/analyzer.h"
#include "analysis/catalogue.h"
#include "cli/exit_status.h"
#include "discovery/rescan.h"
#include "formats/core/ascii.h"
#include "formats/core/path.h"

namespace cbtctl::cli {
namespace {

using analysis::Code;
using analysis::Finding;
using analysis::Findings;
using formats::core::parent_of;
using model::Index;
using std::chrono_literals::operator""ms;

constexpr std::array pauses{0ms, 50ms, 300ms, 300ms, 300ms, 300ms};  // before each look
constexpr std::size_t enough_looks = 3;                              // in which a finding must stand

analysis::Opener opener_of(const model::Datastore& datastore, const std::vector<discovery::Place>& places) {
  return [&](Index file) -> formats::core::Result<std::unique_ptr<formats::core::ByteSource>> {
    const model::File& wanted = datastore.files[file];
    if (wanted.target >= places.size()) {
      return formats::core::Error{formats::core::ErrorKind::unsupported, "lies in a mapping, which is not read deep"};
    }
    auto source = places[wanted.target].reader->open(wanted.path);
    const auto others = datastore.other_ways.find(file);
    if (source || others == datastore.other_ways.end() || !discovery::may_differ_by_host(source.error().kind))
      return source;
    for (const model::Way& way : others->second) {
      if (auto other = places[way.target].reader->open(way.path)) return other;
    }
    return source;
  };
}

Findings analyze(const model::Datastore& datastore, const Scanned& scanned, bool deep) {
  return analysis::analyze(datastore, deep ? opener_of(datastore, scanned.places) : analysis::Opener{});
}

bool may_run(const model::VirtualMachine& machine) { return machine.power.state != model::PowerState::off; }

// Machines that are not proven off, and the folders that their files lie in.
class Running {
 public:
  explicit Running(const model::Datastore& datastore) : datastore_(datastore) {
    for (const model::VirtualMachine& machine : datastore.virtual_machines) {
      if (!may_run(machine)) continue;
      add(machine.file);
      for (const model::Disk& disk : machine.disks) {
        for (const model::ChainLink& link : disk.chain) {
          if (link.own && link.reference.file) add(*link.reference.file);
        }
      }
    }
  }

  // What is said of the format is said of no machine.
  [[nodiscard]] bool concerns(const Finding& finding) const {
    if (finding.code == Code::ctk_format_doubted) return false;
    const auto runs = [&](Index machine) { return may_run(datastore_.virtual_machines[machine]); };
    return (finding.machine && runs(*finding.machine)) || std::ranges::any_of(finding.machines, runs) ||
           folders_.contains({finding.target, std::string(parent_of(finding.path))});
  }

 private:
  void add(Index index) {
    const model::File& file = datastore_.files[index];
    folders_.emplace(file.target, parent_of(file.path));
  }

  const model::Datastore& datastore_;
  std::set<std::pair<Index, std::string>> folders_;
};

// A size or a count may go on growing.
bool is_same_fact(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  const auto is_number = [](const auto& text) {
    return text && !text->empty() && formats::core::is_digit(text->front());
  };
  return a == b || (is_number(a) && is_number(b));
}

bool has_same_facts(const Finding& a, const Finding& b) {
  return std::equal(a.evidence.begin(), a.evidence.end(), b.evidence.begin(), b.evidence.end(),
                    [](const analysis::Evidence& one, const analysis::Evidence& other) {
                      return one.label == other.label && is_same_fact(one.expected, other.expected) &&
                             is_same_fact(one.found, other.found);
                    });
}

// A finding that must hold.
struct Doubtful {
  Finding finding;
  std::size_t looks_left = enough_looks;
  bool fell = false;
  [[nodiscard]] bool is_settled() const { return fell || looks_left == 0; }
};

using Spot = std::pair<Index, std::string>;
Spot spot_of(const model::File& file) { return {file.target, file.path}; }

std::set<Spot> spots_of(const std::vector<model::File>& files) {
  std::set<Spot> spots;
  for (const model::File& file : files) spots.insert(spot_of(file));
  return spots;
}

// A file that was listed and was gone, or another, when it was read.
bool is_moving(const model::File& file) {
  return file.exists && file.error && file.error->kind == model::ErrorKind::changed;
}

bool is_lost(const model::File& file) {
  return file.exists && file.error && is_incomplete(file.error->kind) && !is_moving(file);
}

// All readings but the first, and what they make of its findings.
class Readings {
 public:
  Readings(Scanned& scanned, bool deep, const FindingFilter& filter, Findings& findings)
      : scanned_(scanned), first_(scanned.datastore), deep_(deep), filter_(filter), findings_(findings) {
    take_doubtful();
    for (Index i = 0; i < first_.files.size(); ++i) {
      if (is_moving(first_.files[i]) && first_.files[i].target < first_.targets.size()) moving_.push_back(i);
    }
  }

  void make() {
    if (is_settled()) return;
    discovery::FolderGroups groups(first_);
    for (std::size_t look = 0; look < pauses.size() && !is_settled(); ++look) {
      std::this_thread::sleep_for(pauses[look]);
      model::Datastore now = discovery::rescan(first_, groups.around(concerned()), scanned_.places, scanned_.mappings);
      std::erase_if(now.unreadable_folders,
                    [](const model::File& folder) { return folder.error->kind == model::ErrorKind::missing; });
      keep_errors(now);
      settle_moving(now);
      compare(as_of_first(now, analyze(now, scanned_, deep_)), look);
      groups.add(now);
    }
    give_back();
  }

 private:
  void take_doubtful() {
    const Running running(first_);
    std::erase_if(findings_.found, [&](Finding& finding) {
      if (!running.concerns(finding)) return false;
      doubtful_.push_back({std::move(finding)});
      return true;
    });
  }

  [[nodiscard]] bool is_settled() const {
    return moving_.empty() && std::ranges::all_of(doubtful_, &Doubtful::is_settled);
  }

  // The files whose folders are read again.
  [[nodiscard]] std::vector<model::File> concerned() const {
    std::vector<model::File> files;
    const auto add = [&](Index machine) { files.push_back(first_.files[first_.virtual_machines[machine].file]); };
    for (const Doubtful& each : doubtful_) {
      if (each.is_settled()) continue;
      files.push_back({.target = each.finding.target, .path = each.finding.path});
      if (each.finding.machine) add(*each.finding.machine);
      std::ranges::for_each(each.finding.machines, add);
    }
    for (const Index file : moving_) files.push_back(first_.files[file]);
    return files;
  }

  // What could not be looked at is told, as if the first reading had met it: it is not the same as nothing wrong. A
  // folder that is gone is none of these.
  void keep_errors(const model::Datastore& now) {
    for (Index i = 0; i < now.targets.size(); ++i) {
      if (!first_.targets[i].error) first_.targets[i].error = now.targets[i].error;
    }
    const std::set<Spot> known = spots_of(first_.unreadable_folders);
    for (const model::File& folder : now.unreadable_folders) {
      if (known.contains(spot_of(folder))) continue;
      first_.unreadable_folders.push_back(folder);
      findings_.skipped.push_back(analysis::skipped_folder(folder));
    }
    std::map<Spot, model::Error> lost;
    for (const model::File& file : now.files) {
      if (is_lost(file)) lost.emplace(spot_of(file), *file.error);
    }
    for (model::File& file : first_.files) {
      if (lost.empty() || file.error) continue;
      if (const auto error = lost.find(spot_of(file)); error != lost.end()) file.error = error->second;
    }
  }

  // What can be read now, or is gone for good, is no byte that could not be had.
  void settle_moving(const model::Datastore& now) {
    std::set<Spot> unread;
    for (const model::File& file : now.files) {
      if (is_moving(file) || is_lost(file)) unread.insert(spot_of(file));
    }
    const std::set<Spot> unlisted = spots_of(now.unreadable_folders);
    std::erase_if(moving_, [&](Index index) {
      model::File& file = first_.files[index];
      if (now.targets[file.target].error || unread.contains(spot_of(file))) return false;
      if (unlisted.contains({file.target, std::string(parent_of(file.path))})) return false;
      file.exists = false;
      return true;
    });
  }

  // Those that were asked for, of the machines by their numbers in the first reading; one that came since has none. Of
  // what only all of a target tells a part tells nothing.
  Findings as_of_first(const model::Datastore& now, Findings again) const {
    std::map<Spot, Index> numbers;
    for (Index i = 0; i < first_.virtual_machines.size(); ++i) {
      numbers.emplace(spot_of(first_.files[first_.virtual_machines[i].file]), i);
    }
    const auto number_of = [&](Index machine) -> std::optional<Index> {
      const auto found = numbers.find(spot_of(now.files[now.virtual_machines[machine].file]));
      return found == numbers.end() ? std::nullopt : std::optional(found->second);
    };
    for (Finding& finding : again.found) {
      if (finding.machine) finding.machine = number_of(*finding.machine);
      std::vector<Index> machines;
      for (const Index machine : finding.machines) {
        if (const auto number = number_of(machine)) machines.push_back(*number);
      }
      finding.machines = std::move(machines);
    }
    std::erase_if(again.found, [](const Finding& finding) { return finding.code == Code::ctk_format_doubted; });
    again.skipped.clear();
    filter_.apply(scanned_, again);
    return again;
  }

  using Key = std::pair<Index, std::string>;
  static Key key_of(const Finding& finding) { return {finding.target, fingerprint_in_target(finding)}; }

  void compare(const Findings& again, std::size_t look) {
    std::multimap<Key, const Finding*> now;
    for (const Finding& finding : again.found) now.emplace(key_of(finding), &finding);
    std::multimap<Key, const Finding*> known;
    for (const Finding& finding : findings_.found) known.emplace(key_of(finding), &finding);
    for (Doubtful& each : doubtful_) {
      known.emplace(key_of(each.finding), &each.finding);
      if (each.is_settled()) continue;
      each.fell = !holds(now, each.finding);
      --each.looks_left;
    }
    std::vector<Doubtful> found;
    const bool is_too_late = pauses.size() - look <= enough_looks;
    for (const Finding& finding : again.found) {
      if (!holds(known, finding)) found.push_back({.finding = finding, .fell = is_too_late});
    }
    std::ranges::move(found, std::back_inserter(doubtful_));
  }

  static bool holds(const std::multimap<Key, const Finding*>& told, const Finding& finding) {
    const auto [begin, end] = told.equal_range(key_of(finding));
    return std::any_of(begin, end, [&](const auto& each) { return has_same_facts(finding, *each.second); });
  }

  void give_back() {
    for (Doubtful& each : doubtful_) {
      if (each.fell || each.looks_left != 0) {
        findings_.skipped.push_back(changing(each.finding));
        continue;
      }
      findings_.found.push_back(std::move(each.finding));
    }
    analysis::sort(findings_);
  }

  static analysis::Skipped changing(const Finding& finding) {
    return {.what = finding.path,
            .why = "changed while it was read: " + std::string(analysis::row_of(finding.code).name) +
                   " did not stand in each further reading",
            .machine = finding.machine,
            .reason = analysis::SkipReason::changing,
            .target = finding.target,
            .path = finding.path,
            .slot = finding.slot};
  }

  Scanned& scanned_;
  model::Datastore& first_;
  bool deep_;
  const FindingFilter& filter_;
  Findings& findings_;
  std::vector<Doubtful> doubtful_;
  std::vector<Index> moving_;  // files of the first reading
};

}  // namespace

Findings look(const Scanned& scanned, bool deep) { return analyze(scanned.datastore, scanned, deep); }

void recheck(Scanned& scanned, bool deep, const FindingFilter& filter, Findings& findings) {
  Readings(scanned, deep, filter, findings).make();
}

}  // namespace cbtctl::cli
