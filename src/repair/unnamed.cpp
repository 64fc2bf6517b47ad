#include "repair/unnamed.h"

#include <algorithm>
#include <chrono>

#include "formats/core/ascii.h"
#include "formats/core/joined.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"
#include "repair/guards.h"
#include "repair/record.h"
#include "repair/tracking.h"

namespace cbtctl::repair {
namespace {

using analysis::Code;
using formats::core::parent_of;
using formats::vmware::stem_of_disk;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool is_lock(const std::string& name) {
  const auto kind = formats::vmware::parse_name(name).kind;
  return kind == formats::vmware::NameKind::lock || kind == formats::vmware::NameKind::nfs_lock;
}

// A descriptor elsewhere could name the file: what was looked through is told.
std::string how_wide(const model::Datastore& datastore) {
  std::vector<std::string> places;
  for (const model::Target& target : datastore.targets) {
    if (!target.error) places.push_back(target.location);
  }
  constexpr std::size_t max_named = 3;
  if (places.size() > max_named) {
    const std::string more = std::to_string(places.size() - max_named) + " more";
    places.resize(max_named);
    places.push_back(more);
  }
  return "no descriptor names it, of " + std::to_string(datastore.descriptors.size()) + " in " +
         formats::core::joined(places, ", ");
}

// Its .vmx, or one of its own disk files, lies in the file's folder.
bool owns_folder_of(const model::Datastore& datastore, const model::VirtualMachine& machine, const model::File& file) {
  bool owns = lies_beside(file, datastore.files[machine.file]);
  for (const model::Disk& disk : machine.disks) {
    for (const model::ChainLink& link : disk.chain)
      owns |= link.own && link.reference.file && lies_beside(file, datastore.files[*link.reference.file]);
  }
  return owns;
}

// Be it somebody else's disk, such as a clone's golden image, or one whose descriptor is lost.
bool has_disk_of_its_stem(const model::Datastore& datastore, const model::VirtualMachine& machine,
                          const model::File& file) {
  const auto is_of_stem = [&](const model::ChainLink& link) {
    if (!link.reference.file) return false;
    const model::File& disk = datastore.files[*link.reference.file];
    return lies_beside(file, disk) &&
           formats::core::equal_ignoring_case(stem_of_disk(disk.path), stem_of_disk(file.path));
  };
  return std::any_of(machine.disks.begin(), machine.disks.end(), [&](const model::Disk& disk) {
    return std::any_of(disk.chain.begin(), disk.chain.end(), is_of_stem);
  });
}

}  // namespace

std::optional<Refusal> refuse_users(const Users& users, const model::File& file, Request request) {
  const model::Datastore& datastore = users.datastore();
  request.include_templates = true;
  for (const model::VirtualMachine* machine : users.beside(file)) {
    if (!owns_folder_of(datastore, *machine, file) && !has_disk_of_its_stem(datastore, *machine, file)) continue;
    auto objection = refuse_machine(datastore, *machine, request);
    if (!objection) continue;
    objection->message = file.path + ": " + objection->message;
    return objection;
  }
  return std::nullopt;
}

bool is_about_unnamed(const analysis::Finding& finding) {
  return finding.code == Code::ctk_orphan || finding.code == Code::ctk_orphan_snapshot ||
         finding.code == Code::ctk_leftover;
}

std::vector<const model::VirtualMachine*> owners_of(const Users& users, const model::File& file) {
  auto owners = users.beside(file);
  std::erase_if(
      owners, [&](const model::VirtualMachine* machine) { return !owns_folder_of(users.datastore(), *machine, file); });
  return owners;
}

std::optional<Refusal> refuse_unnamed(const Users& users, const model::File& file, const Request& request,
                                      storage::Writer& writer) {
  if (auto objection = refuse_users(users, file, request)) return objection;
  const auto owners = owners_of(users, file);
  const std::string vm = owners.empty() ? file.path : users.datastore().files[owners.front()->file].path;
  const auto names = writer.list(std::string(parent_of(file.path)));
  if (!names) return Refusal{vm, Reason::unreadable, names.error().message};
  const auto lock = std::find_if(names->begin(), names->end(), is_lock);
  if (lock != names->end()) return Refusal{vm, Reason::locked, file.path + ": " + *lock + " lies beside it"};
  const auto status = writer.status(file.path);
  if (!status) return Refusal{vm, Reason::unreadable, status.error().message};
  if (status->modified_ns > now_ns() - request.least_age_ns)
    return Refusal{vm, Reason::too_young, file.path + " was changed less than --min-age ago"};
  return std::nullopt;
}

std::optional<Refusal> add_unnamed(const model::Datastore& datastore, model::Index target, const Spot& spot,
                                   storage::Writer& writer, MachinePlan& plan) {
  const auto same = [&](const Change& change) { return change.spot == spot; };
  if (std::any_of(plan.changes.begin(), plan.changes.end(), same)) return std::nullopt;
  const auto facts = facts_now(datastore, target, spot.path, analysis::TrackingRole::orphan, writer);
  if (!facts) return Refusal{plan.vm, Reason::unreadable, facts.error().message};
  auto made = quarantine_of(*facts, spot, writer, how_wide(datastore));
  if (!made) return Refusal{plan.vm, Reason::unreadable, made.error().message};
  if (const auto* left = std::get_if<LeftAlone>(&*made))
    return Refusal{plan.vm, Reason::not_a_ctk_file, spot.path + ": " + left->words};
  const auto last = std::find_if(plan.changes.begin(), plan.changes.end(),
                                 [](const Change& each) { return each.phase == Phase::keys_on; });
  plan.changes.insert(last, std::get<Change>(std::move(*made)));
  record_folder(spot, plan);
  return std::nullopt;
}

}  // namespace cbtctl::repair
