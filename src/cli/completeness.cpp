#include "cli/completeness.h"

#include <algorithm>

#include "cli/exit_status.h"
#include "cli/resolver.h"
#include "discovery/power.h"
#include "formats/core/ascii.h"
#include "formats/vmware/names.h"
#include "formats/vmx/configuration.h"
#include "log/log.h"

namespace cbtctl::cli {
namespace {

using formats::core::Result;
using formats::vmware::NameKind;
using formats::vmware::stem_of_disk;
using model::Completeness;
using storage::Location;

struct Neighbour {
  std::string name;
  formats::vmx::Configuration settings;
  model::Power power;
  bool is_unread = false;  // it may have any disk
};

// The names beside the .vmx do not tell of a swap file that lies in another folder.
bool swaps_elsewhere(const FileOpener& files, const Location& vm, const std::string& swap_file) {
  return swap_file.find('/') != std::string::npos && Resolver(files, vm).finds(vm, swap_file);
}

Neighbour neighbour_of(const FileOpener& files, const Location& file, const std::vector<std::string>& names,
                       const std::string& name) {
  const Location vm = storage::beside(file, name);
  const auto text = files.read_text(vm);
  auto settings = text ? formats::vmx::decode(formats::text::Document::decode(*text))
                       : Result<formats::vmx::Configuration>(text.error());
  if (!settings || settings->encrypted)
    return {name, {}, {model::PowerState::unknown, {model::FileSign{model::FileFact::configuration_unreadable}}}, true};
  auto power =
      discovery::power_from_names(*settings, names, name, swaps_elsewhere(files, vm, settings->swap_file_name));
  return {name, std::move(*settings), std::move(power)};
}

bool has_disk_called_like(const Neighbour& machine, std::string_view file) {
  return std::ranges::any_of(machine.settings.disks, [&](const formats::vmx::Disk& disk) {
    return formats::core::equal_ignoring_case(stem_of_disk(disk.file_name), stem_of_disk(file));
  });
}

// Those that have a disk called like the file's; all, where none has.
std::vector<Neighbour> machines_beside(const FileOpener& files, const Location& file,
                                       const std::vector<std::string>& names) {
  std::vector<Neighbour> machines;
  for (const std::string& name : names) {
    if (formats::vmware::names_a_configuration(name)) machines.push_back(neighbour_of(files, file, names, name));
  }
  const auto is_other = [&](const Neighbour& machine) {
    return !machine.is_unread && !has_disk_called_like(machine, file.path);
  };
  if (!std::ranges::all_of(machines, is_other)) std::erase_if(machines, is_other);
  return machines;
}

// Where no configuration lies beside it.
std::optional<std::string> lone_sign(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto parsed = formats::vmware::parse_name(name);
    const bool is_machine_lock = parsed.kind == NameKind::lock && formats::vmware::names_a_configuration(parsed.stem);
    if (is_machine_lock || parsed.kind == NameKind::nfs_lock || parsed.kind == NameKind::swap) return name;
  }
  return std::nullopt;
}

Completeness may_run(const std::string& why) {
  return {false,
          why +
              "; its files prove nothing: what was written since the last event may stand in the kernel's bitmap "
              "alone",
          true};
}

Completeness may_run_by(const std::string& sign) { return may_run(sign + " beside it says that the VM may run"); }

// nullopt: no sign of a machine lies there.
std::optional<Completeness> by_neighbours(const FileOpener& files, const Location& file) {
  const auto listed = files.names_beside(file);
  if (!listed) return may_run("its folder cannot be listed (" + listed.error().message + "), so that the VM may run");
  const std::vector<std::string>& names = *listed;
  const auto machines = machines_beside(files, file, names);
  for (const Neighbour& machine : machines) {
    if (machine.power.state == model::PowerState::off) continue;
    return may_run_by(machine.name + " (" + model::why_not_off(machine.power) + ")");
  }
  if (!machines.empty()) return Completeness{true, {}};
  const auto sign = lone_sign(names);
  return sign ? std::optional(may_run_by(*sign)) : std::nullopt;
}

}  // namespace

void add_completeness_option(Options& own) {
  own.flag("even-if-running", "although the machine may run, so that the table may not be complete");
}

Completeness completeness_of(const FileOpener& files, const Location& ctk, const disk::Tracking& tracking) {
  if (tracking.reading.fit == formats::ctk::Fit::covers_less)
    return {false, "the CTK file covers less than the disk: changes behind what it covers are not recorded"};
  const auto beside = by_neighbours(files, ctk);
  if (beside && beside->complete == false) return *beside;
  const model::Power off{model::PowerState::off, {}};
  return model::completeness_of(beside ? &off : nullptr, tracking.reading.flags);
}

Completeness completeness_beside(const FileOpener& files, const Location& file) {
  const auto beside = by_neighbours(files, file);
  return beside && beside->complete == false ? *beside : Completeness{true, {}};
}

int told_incomplete(const Completeness& completeness, const std::string& path, const CommandLine& line) {
  if (completeness.complete != false || (completeness.may_run && line.has("even-if-running"))) return exit_done;
  log::error(path + ": " + completeness.reason + (completeness.may_run ? " (--even-if-running goes on)" : ""));
  return exit_incomplete;
}

}  // namespace cbtctl::cli
