// Who else uses a disk: one that two machines run on, one that others' deltas rest on, one that a backup proxy holds
// still, a machine that has two configurations, and two disks that say they are the same.
#include <algorithm>
#include <map>
#include <set>

#include "analysis/subject.h"
#include "formats/core/ascii.h"
#include "formats/core/path.h"
#include "model/same_machine.h"

namespace cbtctl::analysis {
namespace {

using model::Index;

const formats::vmx::Configuration& settings_of(const Subject& subject, const Use& use) {
  return subject.machine(*use.disk).settings;
}

std::string path_of_machine(const Subject& subject, Index machine) {
  return subject.file(subject.datastore.virtual_machines[machine].file).path;
}

void name_machines(const Subject& subject, std::vector<Index> machines, const std::string& label, Finding& finding) {
  std::sort(machines.begin(), machines.end());
  machines.erase(std::unique(machines.begin(), machines.end()), machines.end());
  for (const Index machine : machines) finding.evidence.push_back({label, {}, path_of_machine(subject, machine)});
  finding.machines = std::move(machines);
}

// --- one disk, two machines ------------------------------------------------------------------------------------------

bool may_share(const Subject& subject, const Use& use) {
  const formats::vmx::Disk& disk = use.disk->disk->settings;
  return disk.sharing == "multi-writer" || disk.shared_bus != "none" || !settings_of(subject, use).locks_disks;
}

// Neither a proxy that writes nothing, nor a template or a fault-tolerance secondary, which do not write as long as
// they are that, nor another configuration of a machine that is among them.
std::vector<Use> writers_of(const Subject& subject, std::span<const Use> uses) {
  std::vector<Use> writers;
  for (const Use& use : uses) {
    const bool is_idle = subject.machine(*use.disk).is_template || settings_of(subject, use).is_replayed;
    if (use.depth != 0 || is_idle || model::keeps_nothing(*use.disk->disk)) continue;
    const bool is_known = std::any_of(writers.begin(), writers.end(), [&](const Use& other) {
      return !subject.is_another(use.disk->machine, other.disk->machine);
    });
    if (!is_known) writers.push_back(use);
  }
  return writers;
}

void check_shared(const Subject& subject, std::span<const Use> uses, Findings& out) {
  const std::vector<Use> writers = writers_of(subject, uses);
  const auto shares = [&](const Use& use) { return may_share(subject, use); };
  if (writers.size() < 2 || std::all_of(writers.begin(), writers.end(), shares)) return;
  Finding finding = about(Code::disk_shared, subject, uses.front().file);
  finding.machine.reset();
  finding.slot.clear();
  const bool is_one_on = std::any_of(writers.begin(), writers.end(), [&](const Use& use) {
    return subject.machine(*use.disk).power.state == model::PowerState::on;
  });
  if (is_one_on) finding.certainty = Certainty::possible;
  std::vector<Index> machines;
  for (const Use& use : writers) machines.push_back(use.disk->machine);
  name_machines(subject, std::move(machines), "active disk of", finding);
  out.found.push_back(std::move(finding));
}

// --- a disk that deltas rest on --------------------------------------------------------------------------------------

// The descriptors that name a file as their parent, by that file.
using Deltas = std::multimap<Index, Index>;

bool is_native(const Subject& subject, Index file) {
  const auto& descriptor = subject.file(file).descriptor;
  return descriptor && subject.datastore.descriptors[*descriptor].content.native_snapshot;
}

Deltas all_deltas(const Subject& subject) {
  Deltas deltas;
  for (const model::Descriptor& descriptor : subject.datastore.descriptors) {
    if (descriptor.parent && descriptor.parent->file) deltas.emplace(*descriptor.parent->file, descriptor.file);
  }
  return deltas;
}

// All that rest on a file, directly or not, in order; a loop leads back to it and no further.
std::vector<Index> resting_on(const Subject& subject, Index base, const Deltas& deltas) {
  if (!deltas.contains(base)) return {};
  std::set<Index> met{base};
  std::vector<Index> found;
  for (std::vector<Index> left{base}; !left.empty();) {
    const auto [begin, end] = deltas.equal_range(left.back());
    left.pop_back();
    for (auto delta = begin; delta != end; ++delta) {
      if (!met.insert(delta->second).second) continue;
      left.push_back(delta->second);
      if (!is_native(subject, delta->second)) found.push_back(delta->second);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

// A link that a machine runs on, or that a .vmsd names.
struct Child {
  Index file = 0;
  std::optional<Index> machine;  // that runs on it
  Index named_by = 0;            // else the file that is the .vmsd
};

std::vector<Child> children_of(const Subject& subject, Index base, const Deltas& deltas) {
  std::vector<Child> children;
  const std::vector<Index> resting = resting_on(subject, base, deltas);
  for (const Index file : resting) {
    for (const Use& use : subject.uses_of(file)) {
      if (use.depth == 0) children.push_back({file, use.disk->machine});
    }
  }
  for (const Index file : resting) {
    for (const Freezing& freezing : subject.freezings_of(file))
      children.push_back({file, {}, subject.datastore.snapshot_files[freezing.list].file});
  }
  return children;
}

// A template does not run, and vVol, vSAN and native snapshots stay on the base. A proxy that writes nothing has a
// code of its own.
bool stays_on_base(const Subject& subject, const Use& use) {
  return subject.machine(*use.disk).is_template || model::keeps_nothing(*use.disk->disk) ||
         is_native(subject, use.file) || subject.lies_among_objects(subject.file(use.file));
}

void raise_children(const Subject& subject, const Use& use, const std::vector<Child>& children, bool is_frozen,
                    Findings& out) {
  Finding finding = about(Code::disk_has_children, subject, use.file);
  finding.machine = use.disk->machine;
  finding.slot = use.disk->disk->settings.slot;
  finding.fix = Fix::none;
  bool all_elsewhere = !is_frozen;
  std::vector<Index> machines{use.disk->machine};
  if (is_frozen) finding.evidence.push_back({"frozen by", {}, "a snapshot of its own .vmsd"});
  std::set<std::string> told;
  for (const Child& child : children) {
    all_elsewhere &= !lies_beside(subject.file(child.file), subject.file(use.file));
    if (child.machine) machines.push_back(*child.machine);
    const std::string by = child.machine ? path_of_machine(subject, *child.machine) : subject.file(child.named_by).path;
    const std::string words = subject.file(child.file).path + (child.machine ? ", on which runs " : ", named by ") + by;
    if (told.insert(words).second) finding.evidence.push_back({"child", {}, words});
  }
  std::sort(machines.begin(), machines.end());
  machines.erase(std::unique(machines.begin(), machines.end()), machines.end());
  finding.machines = std::move(machines);
  if (all_elsewhere) finding.severity = Severity::note;
  out.found.push_back(std::move(finding));
}

void check_children(const Subject& subject, std::span<const Use> uses, const Deltas& deltas, Findings& out) {
  const auto may_write = [&](const Use& use) { return use.depth == 0 && !stays_on_base(subject, use); };
  const auto use = std::find_if(uses.begin(), uses.end(), may_write);
  if (use == uses.end()) return;
  const bool is_frozen = std::any_of(use, uses.end(), [&](const Use& each) {
    return may_write(each) && subject.is_frozen_by(each.disk->machine, each.file);
  });
  const std::vector<Child> children = children_of(subject, use->file, deltas);
  if (!children.empty() || is_frozen) raise_children(subject, *use, children, is_frozen, out);
}

// --- a proxy that holds a disk still ---------------------------------------------------------------------------------

void check_hot_added(const Subject& subject, const Use& holder, std::span<const Use> uses, Findings& out) {
  if (holder.depth != 0 || !model::keeps_nothing(*holder.disk->disk)) return;
  std::vector<Index> others;
  for (const Use& use : uses) {
    const bool is_other = subject.is_another(use.disk->machine, holder.disk->machine);
    if (is_other && !model::keeps_nothing(*use.disk->disk)) others.push_back(use.disk->machine);
  }
  if (others.empty()) return;
  Finding finding = about(Code::disk_hot_added, subject, *holder.disk);
  finding.evidence.push_back({"fileName", {}, subject.file(holder.file).path});
  const bool is_at_work =
      std::any_of(others.begin(), others.end(), [&](Index other) { return subject.is_frozen_by(other, holder.file); });
  if (is_at_work) finding.severity = Severity::note;
  name_machines(subject, others, "in a chain of", finding);
  finding.machines.push_back(holder.disk->machine);
  std::sort(finding.machines.begin(), finding.machines.end());
  out.found.push_back(std::move(finding));
}

// --- one machine, two configurations ---------------------------------------------------------------------------------

// Which of two is the machine itself: the one that a host has registered, or that has a snapshot list; else the one
// that is called like its folder, or has the shorter name.
auto rank_of(const Subject& subject, Index index) {
  const model::VirtualMachine& machine = subject.datastore.virtual_machines[index];
  const model::File& file = subject.file(machine.file);
  const std::string_view stem = formats::core::stem_of(formats::core::file_name(file.path));
  const bool is_registered = machine.registrations && !machine.registrations->empty();
  const bool has_name_of_folder =
      formats::core::equal_ignoring_case(stem, formats::core::file_name(formats::core::parent_of(file.path)));
  return std::tuple(!is_registered, !machine.snapshot_file.has_value(), !has_name_of_folder, stem.size(), index);
}

void check_copies(const Subject& subject, Findings& out) {
  std::map<std::string, std::vector<Index>> by_identity;  // of the same folder
  const auto& machines = subject.datastore.virtual_machines;
  for (Index i = 0; i < machines.size(); ++i) {
    if (machines[i].settings.uuid_bios.empty()) continue;
    const model::File& file = subject.file(machines[i].file);
    by_identity[std::to_string(file.target) + '/' + std::string(formats::core::parent_of(file.path)) + '\n' +
                formats::text::lower(machines[i].settings.uuid_bios)]
        .push_back(i);
  }
  for (const auto& [identity, same] : by_identity) {
    const Index itself = *std::min_element(same.begin(), same.end(),
                                           [&](Index a, Index b) { return rank_of(subject, a) < rank_of(subject, b); });
    for (const Index copy : same) {
      const auto& registrations = machines[copy].registrations;
      if (copy == itself || (registrations && !registrations->empty())) continue;
      Finding finding = about(Code::vmx_copy, subject, machines[copy].file);
      finding.evidence.push_back({"uuid.bios", "that of one machine", "that of " + path_of_machine(subject, itself)});
      finding.machines = {std::min(copy, itself), std::max(copy, itself)};
      out.found.push_back(std::move(finding));
    }
  }
}

// --- two disks, one identity -----------------------------------------------------------------------------------------

// An array's copy of a volume is called "snap-1a2b3c4d-name".
bool lies_on_a_copied_volume(const Subject& subject, const model::File& file) {
  const std::string& location =
      file.target < subject.datastore.targets.size() ? subject.datastore.targets[file.target].location : file.path;
  const std::string path = formats::text::lower(location + "/" + file.path);
  for (std::size_t at = path.find("/snap-"); at != std::string::npos; at = path.find("/snap-", at + 1)) {
    const std::string_view rest = std::string_view(path).substr(at + 6);
    const std::size_t digits = rest.find_first_not_of("0123456789abcdef");
    if (digits != std::string_view::npos && digits >= 4 && rest[digits] == '-') return true;
  }
  return false;
}

bool is_of_a_template(const Subject& subject, Index file) {
  const std::span<const Use> uses = subject.uses_of(file);
  return std::any_of(uses.begin(), uses.end(), [&](const Use& use) { return subject.machine(*use.disk).is_template; });
}

void check_identities(const Subject& subject, Findings& out) {
  std::map<std::string, std::vector<Index>> by_uuid;  // files
  for (const model::Descriptor& descriptor : subject.datastore.descriptors) {
    const std::string& uuid = descriptor.content.disk_uuid;
    if (uuid.empty() || !descriptor.judged || descriptor.content.has_parent()) continue;
    const model::File& file = subject.file(descriptor.file);
    if (is_of_a_template(subject, descriptor.file) || lies_on_a_copied_volume(subject, file)) continue;
    by_uuid[uuid].push_back(descriptor.file);
  }
  for (auto& [uuid, files] : by_uuid) {
    if (files.size() < 2) continue;
    std::sort(files.begin(), files.end(),
              [&](Index a, Index b) { return is_before(subject.file(a), subject.file(b)); });
    Finding finding = about(Code::disk_uuid_twice, subject, files.front());
    finding.key = uuid;
    for (const Index file : files) finding.evidence.push_back({"ddb.uuid", {}, subject.file(file).path});
    out.found.push_back(std::move(finding));
  }
}

}  // namespace

void check_sharing(const Subject& subject, Findings& out) {
  const Deltas deltas = all_deltas(subject);
  const std::span<const Use> all = subject.uses;
  for (auto begin = all.begin(); begin != all.end();) {
    const auto end = std::find_if(begin, all.end(), [&](const Use& use) { return use.file != begin->file; });
    const std::span<const Use> uses(begin, end);
    if (uses.size() > 1) check_shared(subject, uses, out);
    for (const Use& use : uses) check_hot_added(subject, use, uses, out);
    check_children(subject, uses, deltas, out);
    begin = end;
  }
  check_copies(subject, out);
  check_identities(subject, out);
}

}  // namespace cbtctl::analysis
