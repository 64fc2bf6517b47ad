// Steps in their order: keys FALSE; tracking sections out and versions down; CTK files aside; keys TRUE.
#include "repair/compiler.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "analysis/cbt_state.h"
#include "formats/vmware/names.h"
#include "repair/edits.h"
#include "repair/guards.h"
#include "repair/key_edits.h"
#include "repair/objections.h"
#include "repair/outlook.h"
#include "repair/record.h"
#include "repair/roots.h"
#include "repair/settled.h"
#include "repair/tracking.h"

namespace cbtctl::repair {
namespace {

using analysis::CbtState;
using formats::core::Result;
using formats::core::sha256;
using formats::text::Document;
using formats::text::equal_ignoring_case;
using model::Index;

struct Failure {
  Reason reason{};
  std::string message;
};
using MaybeFailure = std::optional<Failure>;

// What was there when the datastore was listed and is not any more was changed meanwhile.
Failure failure_of(const formats::core::Error& error) {
  return {error.kind == formats::core::ErrorKind::missing ? Reason::changed_meanwhile : Reason::unreadable,
          error.message};
}

class Compiler {
 public:
  Compiler(const Users& users, const model::VirtualMachine& machine, const Intent& intent,
           const std::vector<Site>& sites)
      : users_(users),
        datastore_(users.datastore()),
        machine_(machine),
        settled_(machine),
        configuration_(datastore_.files[machine.file]),
        intent_(intent),
        roots_(datastore_, sites, configuration_.target) {}

  std::variant<MachinePlan, Refusal> compile() {
    plan_.vm = configuration_.path;
    plan_.name = machine_.settings.display_name;
    if (auto failed = settle()) return refused(*failed);
    if (auto failed = refuse_sealed()) return refused(*failed);
    intent_ = with_consequences(datastore_, machine_, settled_, std::move(intent_));
    if (auto objection = refuse_intent(users_, settled_, intent_)) return *objection;
    for (const auto step : {&Compiler::keys_off, &Compiler::lines_out, &Compiler::other_edits, &Compiler::files_aside,
                            &Compiler::keys_on}) {
      if (auto failed = (this->*step)()) return refused(*failed);
    }
    promise();
    record(datastore_, machine_, roots_, plan_);
    plan_.intent = std::move(intent_);
    plan_.roots = roots_.all();
    return std::move(plan_);
  }

 private:
  [[nodiscard]] Refusal refused(const Failure& failure) const {
    return refusal(datastore_, machine_, failure.reason, failure.message);
  }

  // A disk that has another file once one line is left of each key was never looked at: its key goes FALSE, and the
  // next look knows it.
  MaybeFailure settle() {
    if (intent_.kept_keys.empty()) return {};
    storage::Writer* writer = roots_.writer({0, plan_.vm});
    const auto text = writer != nullptr ? writer->read(plan_.vm) : Result<std::string>(no_writer());
    auto settled = text ? settled_machine(machine_, *text, intent_) : Result<Settled>(text.error());
    if (!settled) return failure_of(settled.error());
    settled_ = std::move(settled->machine);
    for (const formats::vmx::Disk& disk : settled->unknown_disks) {
      if (outlook_.is_on(disk)) intent_.disks[disk.slot] = {.key = false, .strip = false};
    }
    return {};
  }

  // A configuration that is encrypted as a whole may still show some keys. With type "partial", as a virtual TPM makes
  // it, the keys that cbtctl edits are clear text.
  MaybeFailure refuse_sealed() {
    const auto text = content_of({0, plan_.vm});
    if (!text) return failure_of(text.error());
    const Document document = Document::decode(*text);
    const auto* type = document.find("encryption.type");
    const bool is_partial = type != nullptr && equal_ignoring_case(type->value, "partial");
    const bool has_secret =
        document.find("encryption.keySafe") != nullptr || document.find("encryption.data") != nullptr;
    if (has_secret && !is_partial) return Failure{Reason::encrypted, "the configuration is encrypted"};
    return {};
  }

  static formats::core::Error no_writer() { return {formats::core::ErrorKind::denied, "the target cannot be written"}; }

  // As earlier steps of this plan leave it.
  Result<std::string> content_of(const Spot& spot) {
    for (auto change = plan_.changes.rbegin(); change != plan_.changes.rend(); ++change) {
      if (change->spot == spot && change->kind == ChangeKind::edit) return change->content_after;
    }
    storage::Writer* writer = roots_.writer(spot);
    return writer != nullptr ? writer->read(spot.path) : Result<std::string>(no_writer());
  }

  // `change` returns what it did.
  MaybeFailure edit(Index target, const std::string& path, Phase phase,
                    const std::function<std::string(Document&)>& change) {
    const auto spot = roots_.spot_of(target, path);
    if (!spot) return Failure{Reason::outside_scan, path + " lies in no target"};
    auto before = content_of(*spot);
    if (!before) return failure_of(before.error());
    Document document = Document::decode(*before);
    const std::string description = change(document);
    if (document.encode() == *before) return {};
    plan_.changes.push_back({.kind = ChangeKind::edit,
                             .phase = phase,
                             .spot = *spot,
                             .description = description,
                             .sha256_before = sha256(*before),
                             .sha256_after = sha256(document.encode()),
                             .content_before = std::move(*before),
                             .content_after = document.encode()});
    return {};
  }

  MaybeFailure keys_off() {
    return edit(configuration_.target, configuration_.path, Phase::keys_off,
                [this](Document& document) { return put_keys_off(document, intent_, outlook_.some_stays()); });
  }

  MaybeFailure lines_out() {
    MaybeFailure failed;
    for (const model::Disk& disk : settled_.disks) {
      if (!outlook_.is_stripped(disk)) continue;
      for_own_links(disk, [&](Index index) {
        const model::File& file = datastore_.files[datastore_.descriptors[index].file];
        if (failed || !datastore_.descriptors[index].content.change_track_path) return;
        failed = file.sparse
                     ? MaybeFailure(Failure{Reason::unreadable, file.path + " holds its descriptor in the extent"})
                     : edit(file.target, file.path, Phase::tracking, remove_tracking);
      });
    }
    return failed;
  }

  MaybeFailure other_edits() {
    for (const Spot& spot : intent_.lowered) {
      if (auto failed = edit(spot.root, spot.path, Phase::tracking, lower_version)) return failed;
    }
    for (const auto& [spot, cid] : intent_.parent_cids) {
      const auto adopt = [&value = cid](Document& document) {
        if (const auto* entry = document.find("parentCID")) document.set_value(*entry, value);
        return "parentCID is that of the parent, " + value;
      };
      if (auto failed = edit(spot.root, spot.path, Phase::tracking, adopt)) return failed;
    }
    for (Spot& spot : intent_.lowered) spot = *roots_.spot_of(spot.root, spot.path);
    for (auto& [spot, cid] : intent_.parent_cids) spot = *roots_.spot_of(spot.root, spot.path);
    return {};
  }

  // Where a file may have to go: who names it, and whether the next CTK file would have to be made there.
  struct Place {
    std::optional<Index> named_by;
    bool in_the_way = false;
  };
  using Places = std::map<std::pair<Index, std::string>, Place>;

  MaybeFailure files_aside() {
    Places places;
    std::set<Index> stripped;
    MaybeFailure failed;
    for (const model::Disk& disk : settled_.disks) {
      if (!outlook_.is_stripped(disk)) continue;
      for_own_links(disk, [&](Index index) {
        stripped.insert(index);
        add_named(index, places);
        if (!failed) failed = add_usual(index, outlook_.is_on(disk.settings), places);
        add_alike(index, outlook_.is_on(disk.settings), places);
      });
    }
    for (const auto& [where, place] : places) {
      if (!failed) failed = aside(where.first, where.second, place, stripped);
    }
    return failed;
  }

  // What lies behind a link is not moved; the line that names it is gone.
  void add_named(Index index, Places& places) const {
    const auto& tracking = datastore_.descriptors[index].tracking;
    if (!tracking || !tracking->file || tracking->by_link || !datastore_.files[*tracking->file].exists) return;
    const model::File& ctk = datastore_.files[*tracking->file];
    places[{ctk.target, ctk.path}].named_by = index;
  }

  // Where ESXi makes the next CTK file; it would follow a link.
  MaybeFailure add_usual(Index index, bool goes_on, Places& places) {
    const model::File& file = datastore_.files[datastore_.descriptors[index].file];
    const std::string usual = formats::vmware::tracking_of_disk(file.path);
    const auto spot = usual.empty() ? std::nullopt : roots_.spot_of(file.target, usual);
    storage::Writer* writer = spot ? roots_.writer(*spot) : nullptr;
    const auto status = writer != nullptr ? writer->status(usual) : Result<storage::FileStatus>(no_writer());
    if (!status) return {};
    if (status->type == storage::EntryType::link) return Failure{Reason::outside_scan, usual + " is a link"};
    places[{file.target, usual}].in_the_way |= goes_on;
    return {};
  }

  // What is called so but for letter case: there is a file system on which it is the same.
  void add_alike(Index index, bool goes_on, Places& places) {
    for (const model::TrackingFile* tracking : default_tracking(datastore_, index)) {
      const model::File& file = datastore_.files[tracking->file];
      places[{file.target, file.path}].in_the_way |= goes_on;
    }
  }

  MaybeFailure aside(Index target, const std::string& path, const Place& place, const std::set<Index>& stripped) {
    const auto spot = roots_.spot_of(target, path);
    if (!spot) return Failure{Reason::outside_scan, path + " lies in no target"};
    storage::Writer* writer = roots_.writer(*spot);
    if (writer == nullptr) return failure_of(no_writer());
    auto facts = facts_now(datastore_, target, path, analysis::TrackingRole::named, *writer);
    if (!facts) return failure_of(facts.error());
    facts->other_user = other_user(target, path, stripped);
    auto made = quarantine_of(*facts, *spot, *writer, "CTK file aside");
    if (!made) return failure_of(made.error());
    if (const auto* left = std::get_if<LeftAlone>(&*made)) return leave(path, place, *left);
    plan_.changes.push_back(std::get<Change>(std::move(*made)));
    return {};
  }

  // A descriptor that keeps its line.
  [[nodiscard]] std::string other_user(Index target, const std::string& path, const std::set<Index>& stripped) const {
    const auto* tracking = tracking_at(datastore_, target, path);
    for (const Index user : tracking != nullptr ? tracking->named_by : std::vector<Index>{}) {
      if (!stripped.contains(user) && datastore_.descriptors[user].judged)
        return datastore_.files[datastore_.descriptors[user].file].path;
    }
    return {};
  }

  // Where no CTK file must be made it is enough that nothing names the file any more.
  MaybeFailure leave(const std::string& path, const Place& place, const LeftAlone& left) {
    const std::string told = path + ": " + left.words;
    if (left.why == analysis::Unmovable::used_by_others) return Failure{Reason::shared_disk, told};
    if (place.in_the_way) return Failure{Reason::not_a_ctk_file, told};
    const model::File* by = place.named_by ? &datastore_.files[datastore_.descriptors[*place.named_by].file] : nullptr;
    for (Change& change : plan_.changes) {
      if (by != nullptr && change.phase == Phase::tracking && change.spot == roots_.spot_of(*by))
        change.description += "; " + path + " stays: " + left.words;
    }
    return {};
  }

  MaybeFailure keys_on() {
    return edit(configuration_.target, configuration_.path, Phase::keys_on,
                [this](Document& document) { return put_keys_on(document, intent_); });
  }

  void promise() {
    for (const model::Disk& disk : settled_.disks) {
      if (!outlook_.is_stripped(disk)) continue;
      if (analysis::judge(datastore_, settled_, disk).state == CbtState::unsupported) continue;
      plan_.promised.emplace_back(disk.settings.slot, outlook_.state_without_tracking(disk.settings));
    }
  }

  const Users& users_;
  const model::Datastore& datastore_;
  const model::VirtualMachine& machine_;
  model::VirtualMachine settled_;
  const model::File& configuration_;
  Intent intent_;
  const Outlook outlook_{settled_, intent_};
  Roots roots_;
  MachinePlan plan_;
};

}  // namespace

std::variant<MachinePlan, Refusal> compile(const Users& users, const model::VirtualMachine& machine,
                                           const Intent& intent, const std::vector<Site>& sites) {
  return Compiler(users, machine, intent, sites).compile();
}

}  // namespace cbtctl::repair
