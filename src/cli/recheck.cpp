// One more look may fall into the same moment of a snapshot or a backup as the first: what is wrong is wrong in each of
// a few, with pauses between them.
#include "cli/recheck.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "analysis/analyzer.h"
#include "analysis/catalogue.h"
#include "discovery/rescan.h"
#include "formats/core/ascii.h"
#include "formats/core/path.h"

namespace cbtctl::cli {
namespace {

using analysis::Finding;
using analysis::Findings;
using formats::core::parent_of;
using model::Index;
using std::chrono_literals::operator""ms;

constexpr std::array pauses{0ms, 30ms, 120ms};  // before each look

analysis::Opener opener_of(const model::Datastore& datastore, const std::vector<discovery::Place>& places) {
  return [&](Index file) -> formats::core::Result<std::unique_ptr<formats::core::ByteSource>> {
    const model::File& wanted = datastore.files[file];
    if (wanted.target >= places.size()) {
      return formats::core::Error{formats::core::ErrorKind::unsupported, "lies in a mapping, which is not read deep"};
    }
    return places[wanted.target].reader->open(wanted.path);
  };
}

Findings analyze(const model::Datastore& datastore, const Scanned& scanned, bool deep) {
  return analysis::analyze(datastore, deep ? opener_of(datastore, scanned.places) : analysis::Opener{});
}

bool may_run(const model::VirtualMachine& machine) { return machine.power.state != model::PowerState::off; }

// Machines that are not proven off, by the folders that their files lie in.
class Running {
 public:
  explicit Running(const model::Datastore& datastore) : datastore_(datastore) {
    for (Index i = 0; i < datastore.virtual_machines.size(); ++i) {
      const model::VirtualMachine& machine = datastore.virtual_machines[i];
      if (!may_run(machine)) continue;
      add(machine.file, i);
      for (const model::Disk& disk : machine.disks) {
        for (const model::ChainLink& link : disk.chain) {
          if (link.own && link.reference.file) add(*link.reference.file, i);
        }
      }
    }
  }

  [[nodiscard]] std::set<Index> concerned_by(const Finding& finding) const {
    std::set<Index> machines;
    if (finding.machine && may_run(datastore_.virtual_machines[*finding.machine])) machines.insert(*finding.machine);
    for (const Index machine : finding.machines) {
      if (may_run(datastore_.virtual_machines[machine])) machines.insert(machine);
    }
    const auto beside = by_folder_.find({finding.target, std::string(parent_of(finding.path))});
    if (beside != by_folder_.end()) machines.insert(beside->second.begin(), beside->second.end());
    return machines;
  }

 private:
  void add(Index index, Index machine) {
    const model::File& file = datastore_.files[index];
    by_folder_[{file.target, std::string(parent_of(file.path))}].insert(machine);
  }

  const model::Datastore& datastore_;
  std::map<std::pair<Index, std::string>, std::set<Index>> by_folder_;
};

// A size or a count may go on growing.
bool is_same_fact(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  const auto is_number = [](const auto& text) {
    return text && !text->empty() && formats::core::is_digit(text->front());
  };
  return a == b || (is_number(a) && is_number(b));
}

bool is_same(const Finding& a, const Finding& b) {
  return std::equal(a.evidence.begin(), a.evidence.end(), b.evidence.begin(), b.evidence.end(),
                    [](const analysis::Evidence& one, const analysis::Evidence& other) {
                      return one.label == other.label && is_same_fact(one.expected, other.expected) &&
                             is_same_fact(one.found, other.found);
                    });
}

// Of the findings that must hold, by number.
using Doubtful = std::map<std::size_t, std::set<Index>>;

Doubtful doubtful_of(const model::Datastore& datastore, const Findings& findings) {
  const Running running(datastore);
  Doubtful doubtful;
  for (std::size_t i = 0; i < findings.found.size(); ++i) {
    if (findings.found[i].code == analysis::Code::ctk_format_doubted) continue;  // about no machine
    auto machines = running.concerned_by(findings.found[i]);
    if (!machines.empty()) doubtful.emplace(i, std::move(machines));
  }
  return doubtful;
}

discovery::Folders folders_of(const model::Datastore& datastore, const Findings& findings, const Doubtful& doubtful) {
  std::set<Index> machines;
  for (const auto& [number, concerned] : doubtful) machines.insert(concerned.begin(), concerned.end());
  auto folders = discovery::folders_of(datastore, {machines.begin(), machines.end()});
  for (const auto& [number, concerned] : doubtful) {
    const Finding& finding = findings.found[number];
    if (finding.target < folders.size()) folders[finding.target].emplace(parent_of(finding.path));
  }
  return folders;
}

std::set<std::size_t> fallen(const Findings& first, const Doubtful& doubtful, const Findings& again) {
  std::multimap<std::string, const Finding*> now;
  for (const Finding& finding : again.found) now.emplace(fingerprint_of(finding), &finding);
  std::set<std::size_t> fallen;
  for (const auto& [number, machines] : doubtful) {
    const Finding& finding = first.found[number];
    const auto [begin, end] = now.equal_range(fingerprint_of(finding));
    if (std::none_of(begin, end, [&](const auto& each) { return is_same(finding, *each.second); }))
      fallen.insert(number);
  }
  return fallen;
}

void skip(const std::set<std::size_t>& fallen, Findings& findings) {
  for (const std::size_t number : fallen) {
    const Finding& finding = findings.found[number];
    findings.skipped.push_back(
        {.what = finding.path,
         .why = "changed while it was read: " + std::string(analysis::row_of(finding.code).name) +
                " did not stand when it was read again",
         .machine = finding.machine,
         .reason = analysis::SkipReason::changing,
         .target = finding.target,
         .path = finding.path,
         .slot = finding.slot});
  }
  std::stable_sort(findings.skipped.begin(), findings.skipped.end(),
                   [](const analysis::Skipped& a, const analysis::Skipped& b) { return a.what < b.what; });
  std::size_t number = 0;
  std::erase_if(findings.found, [&](const Finding&) { return fallen.contains(number++); });
}

// Files that were listed and were gone, or another, when they were read.
std::vector<Index> moving_files(const model::Datastore& datastore) {
  std::vector<Index> moving;
  for (Index i = 0; i < datastore.files.size(); ++i) {
    const model::File& file = datastore.files[i];
    const bool moves = file.exists && file.error && file.error->kind == model::ErrorKind::changed;
    if (moves && file.target < datastore.targets.size()) moving.push_back(i);
  }
  return moving;
}

// What can be read now, or is gone for good, is no byte that could not be had.
void settle(const model::Datastore& now, std::vector<Index>& moving, model::Datastore& first) {
  std::set<std::pair<Index, std::string>> unread;
  for (const Index file : moving_files(now)) unread.emplace(now.files[file].target, now.files[file].path);
  std::erase_if(moving, [&](Index index) {
    model::File& file = first.files[index];
    if (now.targets[file.target].error || unread.contains({file.target, file.path})) return false;
    file.exists = false;
    return true;
  });
}

}  // namespace

Findings look(const Scanned& scanned, bool deep) { return analyze(scanned.datastore, scanned, deep); }

void recheck(Scanned& scanned, bool deep, Findings& findings) {
  Doubtful doubtful = doubtful_of(scanned.datastore, findings);
  std::vector<Index> moving = moving_files(scanned.datastore);
  std::set<std::size_t> all_fallen;
  for (const auto pause : pauses) {
    if (doubtful.empty() && moving.empty()) break;
    std::this_thread::sleep_for(pause);
    auto folders = folders_of(scanned.datastore, findings, doubtful);
    for (const Index file : moving)
      folders[scanned.datastore.files[file].target].emplace(parent_of(scanned.datastore.files[file].path));
    const model::Datastore now = discovery::rescan(scanned.datastore, folders, scanned.places, scanned.mappings);
    for (Index i = 0; i < now.targets.size(); ++i) {
      if (!scanned.datastore.targets[i].error) scanned.datastore.targets[i].error = now.targets[i].error;
    }
    settle(now, moving, scanned.datastore);
    for (const std::size_t number : fallen(findings, doubtful, analyze(now, scanned, deep))) {
      all_fallen.insert(number);
      doubtful.erase(number);
    }
  }
  skip(all_fallen, findings);
}

}  // namespace cbtctl::cli
