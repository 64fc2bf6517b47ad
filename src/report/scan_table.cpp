#include <algorithm>
#include <array>

#include "analysis/cbt_state.h"
#include "formats/core/joined.h"
#include "report/csv.h"
#include "report/inventory.h"
#include "report/scan.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using analysis::CbtState;

Tint tint_of(CbtState state) {
  switch (state) {
    case CbtState::tracked:
      return Tint::good;
    case CbtState::broken:
    case CbtState::unreadable:
      return Tint::bad;
    case CbtState::pending:
    case CbtState::leftover:
    case CbtState::partial:
      return Tint::warning;
    case CbtState::off:
    case CbtState::unsupported:
      return Tint::faint;
  }
  return Tint::none;
}

std::string machine_name(const model::Datastore& datastore, const model::VirtualMachine& machine) {
  return machine.settings.display_name.empty() ? datastore.files[machine.file].path : machine.settings.display_name;
}

std::string hardware_text(const model::VirtualMachine& machine) {
  return machine.settings.hardware_version ? std::to_string(*machine.settings.hardware_version) : "?";
}

std::optional<std::uint64_t> capacity_of(const model::Datastore& datastore, const model::Disk& disk) {
  const auto& active = disk.chain.front().descriptor;
  return active ? datastore.descriptors[*active].content.capacity_bytes() : std::nullopt;
}

std::string power_text(const model::VirtualMachine& machine) {
  return std::string(name_of(machine.power.state)) + (machine.is_template ? ", template" : "");
}

using StateCounts = std::array<std::size_t, 8>;  // of disks, by state

void add_machine(const model::Datastore& datastore, const model::VirtualMachine& machine, Table& table,
                 StateCounts& counts) {
  const std::string name = escaped(machine_name(datastore, machine));
  const auto add = [&](std::vector<Cell> row) {
    table.add(with_target(datastore.targets, datastore.files[machine.file].target, std::move(row)));
  };
  if (machine.disks.empty()) {
    const std::string reason = machine.unreadable ? escaped(machine.unreadable->message) : "no virtual disk";
    const std::string state = machine.unreadable ? "unreadable" : "-";
    add({{name},
         {power_text(machine)},
         {hardware_text(machine)},
         {"-"},
         {"-"},
         {state, machine.unreadable ? Tint::bad : Tint::faint},
         {reason}});
  }
  for (const model::Disk& disk : machine.disks) {
    const analysis::CbtVerdict verdict = analysis::judge(datastore, machine, disk);
    ++counts[static_cast<std::size_t>(verdict.state)];
    const auto capacity = capacity_of(datastore, disk);
    add({{name},
         {power_text(machine)},
         {hardware_text(machine)},
         {disk.settings.slot},
         {capacity ? human_size(*capacity) : "?"},
         {std::string(name_of(verdict.state)), tint_of(verdict.state)},
         {escaped(formats::core::joined(verdict.reasons, "; "))}});
  }
}

std::string summary_line(const model::Datastore& datastore, const StateCounts& counts) {
  std::size_t disks = 0;
  std::string states;
  for (std::size_t state = 0; state < counts.size(); ++state) {
    disks += counts[state];
    if (counts[state] == 0) continue;
    states += (states.empty() ? ": " : ", ") + std::to_string(counts[state]) + " " +
              std::string(name_of(static_cast<CbtState>(state)));
  }
  const auto& machines = datastore.virtual_machines;
  const auto unreadable = static_cast<std::size_t>(std::count_if(
      machines.begin(), machines.end(), [](const auto& machine) { return machine.unreadable.has_value(); }));
  const auto lost = static_cast<std::size_t>(std::count_if(
      datastore.targets.begin(), datastore.targets.end(), [](const auto& target) { return target.error.has_value(); }));
  return counted(machines.size(), "virtual machine", "virtual machines") +
         (unreadable > 0 ? " (" + std::to_string(unreadable) + " unreadable)" : "") + ", " +
         counted(disks, "disk", "disks") + states +
         (lost > 0 ? "; " + counted(lost, "target", "targets") + " could not be read" : "") + "\n";
}

std::string stray_files(const model::Datastore& datastore, const Style& style) {
  Table table(with_target(datastore.targets, {{"CTK FILE"}, {"CLASS"}, {"SIZE", true}, {""}}));
  for (const model::TrackingFile& tracking : datastore.tracking_files) {
    const model::File& file = datastore.files[tracking.file];
    const analysis::TrackingClass kind = analysis::classify(datastore, tracking);
    if (!file.exists || kind == analysis::TrackingClass::in_use) continue;
    const bool is_unread = tracking.disk && datastore.files[*tracking.disk].error;
    const char* why = is_unread       ? "its disk is there and cannot be read"
                      : tracking.disk ? "no descriptor names it, its disk is there"
                                      : "no descriptor names it, its disk is gone";
    table.add(with_target(datastore.targets, file.target,
                          {{escaped(file.path)},
                           {std::string(name_of(kind)), Tint::warning},
                           {file.size_bytes ? human_size(*file.size_bytes) : "?"},
                           {why}}));
  }
  return table.is_empty() ? std::string() : "\n" + table.print(style);
}

std::string trouble(const model::Datastore& datastore) {
  std::string out;
  for (const model::Target& target : datastore.targets) {
    if (target.error) out += "\nnot read: " + escaped(target.location) + ": " + escaped(target.error->message);
  }
  for (const model::File& folder : datastore.unreadable_folders) {
    const std::string& place = folder.path.empty() ? datastore.targets[folder.target].location : folder.path;
    out += "\nnot read: " + escaped(place) + ": " + escaped(folder.error->message);
  }
  for (const model::Quarantine& quarantine : datastore.quarantine) {
    out += "\nquarantine: " + escaped(quarantine.path) + ": " + counted(quarantine.runs.size(), "run", "runs");
  }
  return out.empty() ? out : out + "\n";
}

}  // namespace

std::string scan_table(const model::Datastore& datastore, const Style& style) {
  Table table(with_target(datastore.targets,
                          {{"VM"}, {"POWER"}, {"HW", true}, {"DISK"}, {"CAPACITY", true}, {"CBT"}, {"REASON"}}));
  StateCounts counts{};
  for (const model::VirtualMachine& machine : datastore.virtual_machines)
    add_machine(datastore, machine, table, counts);
  const std::string hosts = inventory_text(datastore);
  const std::string out = (table.is_empty() ? std::string() : table.print(style)) + stray_files(datastore, style) +
                          trouble(datastore) + (hosts.empty() ? "" : "\n" + hosts) + "\n" +
                          not_entered_text(datastore.targets) + summary_line(datastore, counts);
  return out.starts_with('\n') ? out.substr(1) : out;
}

std::string scan_csv(const model::Datastore& datastore) {
  std::string out = csv_row({"location", "vm", "name", "power", "hardware_version", "template", "slot", "file_name",
                             "capacity_bytes", "state", "reasons", "change_id"});
  for (const model::VirtualMachine& machine : datastore.virtual_machines) {
    const model::File& file = datastore.files[machine.file];
    const std::string hardware =
        machine.settings.hardware_version ? std::to_string(*machine.settings.hardware_version) : "";
    const std::vector<std::string> head{
        datastore.targets[file.target].location,   file.path, machine.settings.display_name,
        std::string(name_of(machine.power.state)), hardware,  machine.is_template ? "true" : "false"};
    const auto row = [&](const std::vector<std::string>& tail) {
      std::vector<std::string> cells = head;
      cells.insert(cells.end(), tail.begin(), tail.end());
      out += csv_row(cells);
    };
    if (machine.unreadable) row({"", "", "", "unreadable", machine.unreadable->message, ""});
    for (const model::Disk& disk : machine.disks) {
      const analysis::CbtVerdict verdict = analysis::judge(datastore, machine, disk);
      const auto capacity = capacity_of(datastore, disk);
      row({disk.settings.slot, disk.settings.file_name, capacity ? std::to_string(*capacity) : "",
           std::string(name_of(verdict.state)), formats::core::joined(verdict.reasons, "; "),
           verdict.change_id.value_or("")});
    }
  }
  return out;
}

}  // namespace cbtctl::report
