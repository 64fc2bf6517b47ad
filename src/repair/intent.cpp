#include "repair/intent.h"

#include <algorithm>
#include <set>

#include "analysis/cbt_state.h"
#include "repair/edits.h"
#include "repair/guards.h"
#include "storage/path.h"

namespace cbtctl::repair {
namespace {

using analysis::CbtState;
using analysis::Code;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;
using formats::core::sha256;
using formats::text::Document;
using model::Index;

bool is_true(const std::optional<formats::vmx::Flag>& flag) { return flag && flag->value == true; }

// "x.vmdk" -> "x-ctk.vmdk": where ESXi puts the next CTK file.
std::string default_tracking(const std::string& descriptor) {
  constexpr std::string_view suffix = ".vmdk";
  return descriptor.ends_with(suffix) ? descriptor.substr(0, descriptor.size() - suffix.size()) + "-ctk.vmdk"
                                      : std::string();
}

const model::TrackingFile* tracking_at(const model::Datastore& datastore, Index target, const std::string& path) {
  for (const model::TrackingFile& tracking : datastore.tracking_files) {
    const model::File& file = datastore.files[tracking.file];
    if (file.target == target && file.path == path && file.exists) return &tracking;
  }
  return nullptr;
}

template <typename Visitor>
void for_own_links(const model::Datastore& datastore, const model::Disk& disk, Visitor&& visit) {
  for (const model::ChainLink& link : disk.chain) {
    if (link.own && link.descriptor) visit(datastore.descriptors[*link.descriptor]);
  }
}

class Compiler {
 public:
  Compiler(const model::Datastore& datastore, const model::VirtualMachine& machine, Intent intent, const Site& site)
      : datastore_(datastore), machine_(machine), intent_(std::move(intent)), site_(site) {}

  std::variant<MachinePlan, Refusal> compile(const Request& request) {
    close_over();
    std::vector<const model::Disk*> touched;
    for (const model::Disk& disk : machine_.disks) {
      if (intent_.disks.contains(disk.settings.slot)) touched.push_back(&disk);
    }
    const bool tracking = intent_.vm_key || !intent_.disks.empty();
    if (tracking) {
      if (auto refused = refuse_tracking(datastore_, machine_, touched)) return *refused;
      const bool on = request.verb == "enable" || request.verb == "reset";
      if (on && is_true(machine_.settings.ctk_disallowed)) {
        return refusal(datastore_, machine_, "disallowed", "ctkDisallowed is TRUE");
      }
    }
    const model::File& configuration = datastore_.files[machine_.file];
    plan_ = {.target = configuration.target,
             .root = site_.root,
             .vm = configuration.path,
             .changes = {},
             .witnesses = {},
             .promised = {}};
    plan_.touches_tracking = tracking;
    if (auto failed = steps(); failed) return refusal(datastore_, machine_, failed->first, failed->second);
    plan_.witnesses = witnesses_of(datastore_, machine_, *site_.writer);
    return std::move(plan_);
  }

 private:
  using Failure = std::optional<std::pair<std::string, std::string>>;  // reason and message

  [[nodiscard]] bool vm_will_be_on() const { return intent_.vm_key.value_or(is_true(machine_.settings.ctk_enabled)); }
  [[nodiscard]] bool will_be_on(const model::Disk& disk) const {
    const auto found = intent_.disks.find(disk.settings.slot);
    const bool is_on = is_true(disk.settings.ctk_enabled);
    return vm_will_be_on() && (found == intent_.disks.end() ? is_on : found->second.key.value_or(is_on));
  }

  // The invariant: what will be on and is not tracked now is stripped first. A disk that is stripped and stays on gets
  // its key set, so that it goes FALSE in between.
  void close_over() {
    for (const model::Disk& disk : machine_.disks) {
      const bool tracked = analysis::judge(datastore_, machine_, disk).state == CbtState::tracked;
      const bool changes = intent_.vm_key || intent_.disks.contains(disk.settings.slot);
      if (!changes || !will_be_on(disk)) continue;
      DiskIntent& wanted = intent_.disks[disk.settings.slot];
      if (!tracked) wanted.strip = true;
      if (wanted.strip) wanted.key = true;
      if (!wanted.strip && !wanted.key) intent_.disks.erase(disk.settings.slot);
    }
  }

  Result<std::string> content_of(const std::string& path) {
    for (auto change = plan_.changes.rbegin(); change != plan_.changes.rend(); ++change) {
      if (change->path == path && change->kind == ChangeKind::edit) return change->content_after;
    }
    return site_.writer->read(path);
  }

  Failure edit(const model::File& file, const std::string& description, const std::function<void(Document&)>& change) {
    if (file.target != plan_.target) return {{"outside-scan", file.path + " lies in another target"}};
    const auto before = content_of(file.path);
    if (!before) return {{"unreadable", before.error().message}};
    Document document = Document::decode(*before);
    change(document);
    if (document.encode() == *before) return {};
    plan_.changes.push_back({.kind = ChangeKind::edit,
                             .path = file.path,
                             .description = description,
                             .sha256_before = sha256(*before),
                             .sha256_after = sha256(document.encode()),
                             .content_before = *before,
                             .content_after = document.encode(),
                             .moved_to = {}});
    return {};
  }

  Failure steps() {
    if (auto failed = keys_off()) return failed;
    for (const model::Disk& disk : machine_.disks) {
      const auto found = intent_.disks.find(disk.settings.slot);
      if (found == intent_.disks.end() || !found->second.strip) continue;
      if (auto failed = lines_out(disk)) return failed;
    }
    if (auto failed = other_edits()) return failed;
    for (const model::Disk& disk : machine_.disks) {
      const auto found = intent_.disks.find(disk.settings.slot);
      if (found == intent_.disks.end() || !found->second.strip) continue;
      if (auto failed = files_aside(disk)) return failed;
    }
    if (auto failed = keys_on()) return failed;
    promise();
    return {};
  }

  Failure keys_off() {
    return edit(datastore_.files[machine_.file], "CBT keys FALSE", [&](Document& document) {
      for (const std::string& key : intent_.removed_keys) remove_key(document, key);
      for (const auto& [key, first] : intent_.kept_keys) keep_one(document, key, first);
      for (const auto& [slot, wanted] : intent_.disks) {
        const std::string key = slot + ".ctkEnabled";
        const auto* entry = document.find(key);
        const bool is_on = entry != nullptr && formats::text::equal_ignoring_case(entry->value, "TRUE");
        if (wanted.key == false || (wanted.key == true && wanted.strip && is_on))
          set_flag(document, key, false);
        else if (wanted.strip && is_on)
          set_flag(document, key, false);
      }
      if (intent_.vm_key == false) set_flag(document, "ctkEnabled", false);
    });
  }

  static void keep_one(Document& document, const std::string& key, bool first) {
    for (auto all = document.find_all(key); all.size() > 1; all = document.find_all(key)) {
      document.remove_line(first ? all.back()->line : all.front()->line);
    }
  }

  Failure lines_out(const model::Disk& disk) {
    Failure failed;
    for_own_links(datastore_, disk, [&](const model::Descriptor& descriptor) {
      const model::File& file = datastore_.files[descriptor.file];
      if (failed || !descriptor.content.change_track_path) return;
      if (file.sparse) {
        failed = {{"unreadable", file.path + " holds its descriptor inside the extent"}};
        return;
      }
      failed = edit(file, "tracking section out, version 3 back to 1", remove_tracking);
    });
    return failed;
  }

  Failure other_edits() {
    for (const Index index : intent_.lowered) {
      if (auto failed =
              edit(datastore_.files[datastore_.descriptors[index].file], "version 3 back to 1", lower_version))
        return failed;
    }
    for (const auto& [index, cid] : intent_.parent_cids) {
      const auto set = [&, &value = cid](Document& document) {
        if (const auto* entry = document.find("parentCID")) document.set_value(*entry, value);
      };
      if (auto failed = edit(datastore_.files[datastore_.descriptors[index].file], "parentCID of the parent", set))
        return failed;
    }
    return {};
  }

  Failure files_aside(const model::Disk& disk) {
    std::set<std::string> paths;
    Failure failed;
    for_own_links(datastore_, disk, [&](const model::Descriptor& descriptor) {
      const model::File& file = datastore_.files[descriptor.file];
      if (descriptor.tracking && descriptor.tracking->file && datastore_.files[*descriptor.tracking->file].exists) {
        const model::File& ctk = datastore_.files[*descriptor.tracking->file];
        if (ctk.target != plan_.target) failed = {{"outside-scan", ctk.path + " lies in another target"}};
        paths.insert(ctk.path);
      }
      const std::string usual = default_tracking(file.path);
      if (tracking_at(datastore_, file.target, usual) != nullptr) paths.insert(usual);
    });
    for (const std::string& path : paths) {
      const bool planned = std::any_of(plan_.changes.begin(), plan_.changes.end(),
                                       [&](const Change& each) { return each.path == path; });
      if (failed || planned) continue;
      auto change = quarantine_of(*site_.writer, path, "CTK file aside");
      if (!change) return {{"unreadable", change.error().message}};
      plan_.changes.push_back(std::move(*change));
    }
    return failed;
  }

  Failure keys_on() {
    return edit(datastore_.files[machine_.file], "CBT keys TRUE", [&](Document& document) {
      for (const auto& [slot, wanted] : intent_.disks) {
        if (wanted.key == true) set_flag(document, slot + ".ctkEnabled", true);
      }
      if (intent_.vm_key == true) set_flag(document, "ctkEnabled", true);
    });
  }

  void promise() {
    for (const model::Disk& disk : machine_.disks) {
      const auto found = intent_.disks.find(disk.settings.slot);
      if (found == intent_.disks.end() || !found->second.strip) continue;
      if (analysis::judge(datastore_, machine_, disk).state == CbtState::unsupported) continue;
      const bool off = !vm_will_be_on() && found->second.key == false;
      if (will_be_on(disk))
        plan_.promised.emplace_back(disk.settings.slot, "pending");
      else if (off || (found->second.key == false))
        plan_.promised.emplace_back(disk.settings.slot, "off");
    }
  }

  const model::Datastore& datastore_;
  const model::VirtualMachine& machine_;
  Intent intent_;
  const Site& site_;
  MachinePlan plan_;
};

}  // namespace

bool names_tracking(const model::Datastore& datastore, const model::Disk& disk) {
  bool names = false;
  for_own_links(datastore, disk, [&](const model::Descriptor& descriptor) {
    names |= descriptor.content.change_track_path.has_value();
  });
  return names;
}

bool has_default_tracking(const model::Datastore& datastore, const model::Disk& disk) {
  bool has = false;
  for_own_links(datastore, disk, [&](const model::Descriptor& descriptor) {
    const model::File& file = datastore.files[descriptor.file];
    has |= tracking_at(datastore, file.target, default_tracking(file.path)) != nullptr;
  });
  return has;
}

Result<Change> quarantine_of(storage::Writer& writer, const std::string& path, const std::string& why) {
  const auto source = writer.open(path);
  if (!source) return source.error();
  const auto digest = sha256(**source);
  if (!digest) return digest.error().in(path);
  Change change{.kind = ChangeKind::quarantine, .path = path, .description = why, .sha256_before = *digest};
  return change;
}

std::vector<Witness> witnesses_of(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                  storage::Writer& writer) {
  const model::File& configuration = datastore.files[machine.file];
  std::set<std::string> paths{storage::join(storage::parent_of(configuration.path), "vmware.log")};
  for (const model::Disk& disk : machine.disks) {
    for_own_links(datastore, disk, [&](const model::Descriptor& descriptor) {
      for (const model::Extent& extent : descriptor.extents) {
        if (extent.reference && extent.reference->file &&
            datastore.files[*extent.reference->file].target == configuration.target) {
          paths.insert(datastore.files[*extent.reference->file].path);
        }
      }
    });
  }
  std::vector<Witness> witnesses;
  for (const std::string& path : paths) {
    const auto status = writer.status(path);
    if (status)
      witnesses.push_back({path, true, status->size_bytes, status->modified_ns, status->changed_ns});
    else
      witnesses.push_back({.path = path, .exists = false});
  }
  return witnesses;
}

std::variant<MachinePlan, Refusal> compile(const model::Datastore& datastore, const model::VirtualMachine& machine,
                                           Intent intent, const Request& request, const Site& site) {
  return Compiler(datastore, machine, std::move(intent), site).compile(request);
}

}  // namespace cbtctl::repair
