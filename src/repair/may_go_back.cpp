// A disk that comes back tracked has its table of before the run. That table is whole where the .vmx, the descriptor
// and the CTK file come back to the exact bytes that they had when the plan was made, and the machine has not run
// since. Where one of them was changed by somebody else, the disk was perhaps off in between: then nothing says so any
// more.
#include "repair/may_go_back.h"

#include <algorithm>

#include "formats/text/document.h"
#include "formats/vmware/names.h"
#include "formats/vmx/configuration.h"
#include "repair/guards.h"
#include "repair/standing.h"
#include "repair/tracking.h"

namespace cbtctl::repair {
namespace {

using formats::text::Document;

// What only a host says of a machine that is off is told as it is.
bool is_of_host(const Refusal& refusal) {
  return refusal.reason == Reason::not_registered || refusal.reason == Reason::pending_task;
}

// As the .vmx is now, and as its text would have it.
bool is_on(const model::VirtualMachine& machine, const model::Disk& disk) {
  return is_true(machine.settings.ctk_enabled) && is_true(disk.settings.ctk_enabled);
}
bool is_on(const formats::vmx::Configuration& settings, const std::string& slot) {
  const auto found =
      std::find_if(settings.disks.begin(), settings.disks.end(), [&](const auto& disk) { return disk.slot == slot; });
  return is_true(settings.ctk_enabled) && found != settings.disks.end() && is_true(found->ctk_enabled);
}

bool names_other_file(const formats::vmx::Configuration& settings, const model::Disk& disk) {
  return std::none_of(settings.disks.begin(), settings.disks.end(), [&](const auto& each) {
    return each.slot == disk.settings.slot && each.file_name == disk.settings.file_name;
  });
}

// ESXi does not ask whose a disk is: one that is another machine's is tracked by whoever has it in use.
template <typename Visitor>
void for_links_at_stake(const model::Disk& disk, Visitor&& visit) {
  const bool is_own = disk.chain.front().own;
  for (const model::ChainLink& link : disk.chain) {
    if (link.own == is_own && link.descriptor) visit(*link.descriptor);
  }
}

bool is_named_tracked(const model::Datastore& datastore, const model::Disk& disk) {
  bool names = false;
  for_links_at_stake(disk, [&](model::Index index) { names |= datastore.descriptors[index].tracking.has_value(); });
  return names;
}

class ComingBack {
 public:
  ComingBack(const Workplace& place, const model::Datastore& now, const model::VirtualMachine& machine)
      : place_(place), now_(now), machine_(machine) {}

  [[nodiscard]] std::optional<std::string> would_be_tracked() const {
    std::optional<formats::vmx::Configuration> after;  // where the .vmx comes back
    const std::string& path = now_.files[machine_.file].path;
    if (const Change* edit = first_edit(configuration())) {
      auto decoded = formats::vmx::decode(Document::decode(edit->content_before));
      if (!decoded) return path + " cannot be read as it would be";
      after = std::move(*decoded);
    }
    for (const model::Disk& disk : machine_.disks) {
      const std::string& slot = disk.settings.slot;
      const bool will_be_on = after ? is_on(*after, slot) : is_on(machine_, disk);
      const bool will_be_other = after && names_other_file(*after, disk);
      if (!will_be_on || (will_be_other ? all_comes_back_exact() : !gains(disk) || comes_back_exact(disk))) continue;
      return path + " " + slot + " would be tracked, and its files are not all those of before the run";
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] Spot configuration() const { return spot_of(now_.files[machine_.file]); }

  [[nodiscard]] const Change* first_edit(const Spot& spot) const {
    for (const Change& change : place_.machine.changes) {
      if (change.kind == ChangeKind::edit && change.spot == spot) return &change;
    }
    return nullptr;
  }

  // A target is the root of its number in this look.
  [[nodiscard]] static Spot spot_of(const model::File& file) { return {file.target, file.path}; }

  [[nodiscard]] bool is_moved(const Spot& spot) const { return has_step(place_.machine, spot, ChangeKind::quarantine); }

  // What tracks it comes back, or its keys do over a CTK line that stands there now.
  [[nodiscard]] bool gains(const model::Disk& disk) const {
    bool gains = !is_on(machine_, disk) && is_named_tracked(now_, disk);
    for_links_at_stake(disk, [&](model::Index index) {
      const model::Descriptor& descriptor = now_.descriptors[index];
      const Spot spot = spot_of(now_.files[descriptor.file]);
      gains |= first_edit(spot) != nullptr;
      if (!descriptor.tracking) return;  // a CTK file that nothing names tracks nothing
      gains |= is_moved({spot.root, formats::vmware::tracking_of_disk(spot.path)});
      if (descriptor.tracking->file) gains |= is_moved(spot_of(now_.files[*descriptor.tracking->file]));
    });
    return gains;
  }

  [[nodiscard]] bool comes_back_exact(const model::Disk& disk) const {
    bool exact = is_exact(configuration());
    for_links_at_stake(disk, [&](model::Index index) {
      exact = exact && is_exact(spot_of(now_.files[now_.descriptors[index].file]));
    });
    return exact;
  }

  // The links of a disk that is none of the machine's now are among what the plan looked at.
  [[nodiscard]] bool all_comes_back_exact() const {
    const auto& watched = place_.machine.watched;
    return std::all_of(watched.begin(), watched.end(), [&](const auto& each) { return is_exact(each.spot); });
  }

  // An edit is taken back to the byte (reverse.h); what was not edited must be what it was.
  [[nodiscard]] bool is_exact(const Spot& spot) const {
    if (first_edit(spot) != nullptr) return true;
    const auto& watched = place_.machine.watched;
    const auto found =
        std::find_if(watched.begin(), watched.end(), [&](const auto& each) { return each.spot == spot; });
    const auto digest = place_.digest_at(spot);
    return found != watched.end() && digest && *digest == found->sha256;
  }

  const Workplace& place_;
  const model::Datastore& now_;
  const model::VirtualMachine& machine_;
};

}  // namespace

std::optional<Refusal> may_go_back(const Workplace& place, const model::Datastore& now, bool is_back) {
  const std::string& vm = place.machine.vm;
  if (const auto runs = refuse_power(place.machine, now)) {
    if (is_of_host(*runs)) return runs;
    return Refusal{vm, Reason::ran_since, "the virtual machine is not proven off: " + runs->message};
  }
  look_at_standing(place);
  if (const auto ran = ran_since(place, is_back))
    return Refusal{vm, Reason::ran_since, *ran + ": the virtual machine may have run since"};
  for (const model::VirtualMachine& machine : now.virtual_machines) {
    if (const auto tracked = ComingBack(place, now, machine).would_be_tracked())
      return Refusal{vm, Reason::would_be_tracked, *tracked};
  }
  return std::nullopt;
}

}  // namespace cbtctl::repair
