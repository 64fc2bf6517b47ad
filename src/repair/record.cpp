#include "repair/record.h"

#include <algorithm>
#include <set>

#include "analysis/cbt_state.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"
#include "model/same_machine.h"
#include "repair/tracking.h"
#include "repair/workplace.h"

namespace cbtctl::repair {
namespace {

using formats::core::join;
using formats::core::parent_of;
using Spots = std::set<Spot>;

void add(const model::Datastore& datastore, const std::optional<model::Index>& file, Roots& roots, Spots& spots) {
  if (!file) return;
  if (auto spot = roots.spot_of(datastore.files[*file])) spots.insert(std::move(*spot));
}

// Everything that the machine's disks are made of, foreign links included: they decide which links are own.
Spots files_of(const model::Datastore& datastore, const model::VirtualMachine& machine, Roots& roots) {
  Spots spots;
  add(datastore, machine.file, roots, spots);
  for (const model::Disk& disk : machine.disks) {
    for (const model::ChainLink& link : disk.chain) {
      add(datastore, link.reference.file, roots, spots);
      if (!link.descriptor) continue;
      const model::Descriptor& descriptor = datastore.descriptors[*link.descriptor];
      if (descriptor.tracking) add(datastore, descriptor.tracking->file, roots, spots);
      for (const model::Extent& extent : descriptor.extents) {
        if (extent.reference) add(datastore, extent.reference->file, roots, spots);
      }
    }
  }
  return spots;
}

// A raw device's data lies elsewhere: nothing here shows that its guest writes.
bool has_data_file(const model::Descriptor& descriptor) {
  using formats::vmdk::ExtentKind;
  return std::any_of(descriptor.extents.begin(), descriptor.extents.end(), [](const model::Extent& extent) {
    return extent.reference && extent.line.kind != ExtentKind::vmfs_rdm && extent.line.kind != ExtentKind::vmfs_raw;
  });
}

// What ESXi writes of a machine that runs, whatever its disks are.
void add_settings(const model::File& configuration, const formats::vmx::Configuration& settings, Spots& spots) {
  spots.insert({0, configuration.path});
  const std::string usual(formats::core::stem_of(formats::core::file_name(configuration.path)));
  const std::string nvram =
      join(parent_of(configuration.path), settings.nvram.empty() ? usual + ".nvram" : settings.nvram);
  if (formats::core::is_inside(nvram)) spots.insert({0, nvram});
}

Spots witnesses_of(const model::Datastore& datastore, const model::VirtualMachine& machine, Roots& roots) {
  const model::File& configuration = datastore.files[machine.file];
  Spots spots{{0, join(parent_of(configuration.path), "vmware.log")}};
  for (const model::Disk& disk : machine.disks) {
    const bool can_be_tracked = analysis::judge(datastore, machine, disk).state != model::CbtState::unsupported;
    for (const model::ChainLink& link : disk.chain) {
      if (!link.own || !link.descriptor) continue;
      const model::Descriptor& descriptor = datastore.descriptors[*link.descriptor];
      if (can_be_tracked && !has_data_file(descriptor)) add_settings(configuration, machine.settings, spots);
      for (const model::Extent& extent : descriptor.extents) {
        if (extent.reference) add(datastore, extent.reference->file, roots, spots);
      }
      const model::File& file = datastore.files[descriptor.file];
      const std::string usual = formats::vmware::tracking_of_disk(file.path);
      const auto spot = usual.empty() ? std::nullopt : roots.spot_of(file.target, usual);
      storage::Writer* writer = spot ? roots.writer(*spot) : nullptr;
      if (writer != nullptr && !writer->status(usual)) spots.insert(*spot);
    }
  }
  return spots;
}

// What says whether a disk is tracked, other configurations of the machine too: what comes back they may find tracked.
Spots watched_of(const model::Datastore& datastore, const model::VirtualMachine& machine, Roots& roots) {
  Spots spots;
  for (const model::VirtualMachine& each : datastore.virtual_machines) {
    if (model::is_same_machine(datastore, machine, each)) add(datastore, each.file, roots, spots);
  }
  for (const model::Disk& disk : machine.disks) {
    for_own_links(disk, [&](model::Index index) {
      const auto& file = datastore.files[datastore.descriptors[index].file];
      if (!file.sparse) add(datastore, datastore.descriptors[index].file, roots, spots);
    });
  }
  return spots;
}

Witness witness_at(const Spot& spot, const Roots& roots) {
  storage::Writer* writer = roots.writer(spot);
  const auto status = writer != nullptr ? writer->status(spot.path)
                                        : formats::core::Result<storage::FileStatus>(formats::core::Error{});
  if (!status) return {.spot = spot, .exists = false};
  return {spot, true, status->size_bytes, status->modified_ns, status->changed_ns};
}

}  // namespace

namespace {

using Kind = storage::Question::Kind;
using Questions = std::vector<std::vector<storage::Question>>;  // by target

void ask(Questions& questions, const model::File& file, Kind kind) {
  if (file.target < questions.size()) questions[file.target].push_back({kind, file.path});
}

void ask_of_link(const model::Datastore& datastore, const model::Descriptor& descriptor, Questions& questions) {
  const model::File& file = datastore.files[descriptor.file];
  ask(questions, file, Kind::content);
  for (const Kind kind : {Kind::status, Kind::head}) {
    ask(questions, {.target = file.target, .path = formats::vmware::tracking_of_disk(file.path)}, kind);
    if (descriptor.tracking && descriptor.tracking->file)
      ask(questions, datastore.files[*descriptor.tracking->file], kind);
  }
  for (const model::Extent& extent : descriptor.extents) {
    if (extent.reference && extent.reference->file)
      ask(questions, datastore.files[*extent.reference->file], Kind::status);
  }
}

}  // namespace

void look_ahead(const model::Datastore& datastore, const std::vector<const model::VirtualMachine*>& machines,
                const std::vector<Site>& sites) {
  const auto is_far = [](const Site& site) { return site.writer && site.writer->is_far(); };
  if (std::none_of(sites.begin(), sites.end(), is_far)) return;
  Questions questions(sites.size());
  for (const model::VirtualMachine* machine : machines) {
    const model::File& file = datastore.files[machine->file];
    const std::string folder(parent_of(file.path));
    ask(questions, file, Kind::content);
    ask(questions, {.target = file.target, .path = join(folder, "vmware.log")}, Kind::status);
    ask(questions, {.target = file.target, .path = lock_folder_of(folder)}, Kind::status);
    ask(questions, {.target = file.target, .path = own_folder_of(folder)}, Kind::names);
    for (const model::Disk& disk : machine->disks) {
      for_own_links(disk, [&](model::Index index) { ask_of_link(datastore, datastore.descriptors[index], questions); });
    }
  }
  for (std::size_t target = 0; target < sites.size(); ++target) {
    if (is_far(sites[target])) sites[target].writer->look_ahead(std::move(questions[target]));
  }
}

void record(const model::Datastore& datastore, const model::VirtualMachine& machine, Roots& roots, MachinePlan& plan) {
  for (const Spot& spot : witnesses_of(datastore, machine, roots)) plan.witnesses.push_back(witness_at(spot, roots));
  for (const Spot& spot : watched_of(datastore, machine, roots)) {
    storage::Writer* writer = roots.writer(spot);
    const auto text =
        writer != nullptr ? writer->read(spot.path) : formats::core::Result<std::string>(formats::core::Error{});
    if (text) plan.watched.push_back({spot, formats::core::sha256(*text)});
  }
  std::set<Spot> folders;
  for (const Spot& spot : files_of(datastore, machine, roots))
    folders.insert({spot.root, std::string(parent_of(spot.path))});
  plan.folders.assign(folders.begin(), folders.end());
  for (const model::Disk& disk : machine.disks) {
    const auto verdict = analysis::judge(datastore, machine, disk);
    plan.disks.push_back({disk.settings.slot, verdict.state, verdict.change_id.value_or("")});
  }
}

void record_folder(const Spot& file, MachinePlan& plan) {
  const Spot folder{file.root, std::string(parent_of(file.path))};
  if (std::find(plan.folders.begin(), plan.folders.end(), folder) == plan.folders.end()) plan.folders.push_back(folder);
}

}  // namespace cbtctl::repair
